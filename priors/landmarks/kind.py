"""The heatmap prior: landmarks, found by the landmark detector, drawn as heatmaps in the network."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...images.near_names import near_name
from ..faces import CutFaces, SeenFaces, StoredFaces
from ..prior_kind import RGB, ExternalSources, PriorKind
from ..sources import check_all_present
from .conversion import convert_points
from .heatmaps import draw_heatmaps
from .landmark_file import LANDMARK_FILE, read_landmarks, write_landmarks
from .schemes import scheme_of_count, scheme_of_name
from .source import HeatmapSource


class HeatmapFinder:
    """Draws heatmaps of the landmarks that the detector finds; it loads nothing itself.

    Args:
        sources: not used.
        device: not used.
    """

    network: Mapping[str, Any]
    provenance: Mapping[str, Any]

    def __init__(self, sources: ExternalSources, device: torch.device) -> None:
        self.network = self.provenance = {}

    def find(self, faces: SeenFaces) -> Tensor:
        """Heatmaps; zeros for a face without landmarks."""
        assert faces.points is not None  # `needs_landmarks`
        points = torch.from_numpy(faces.points).float().to(faces.images.device)
        return draw_heatmaps(points, faces.images.shape[-1])

    def make(self, faces: CutFaces) -> dict[str, Any]:
        """Store the landmarks of all faces in one file."""
        nowhere = np.full((scheme_of_name(faces.stored_scheme).count, 2), np.nan)
        stored = {
            name: nowhere if points is None else convert_points(points, faces.scheme, faces.stored_scheme)
            for name, points in faces.points.items()
        }
        file = faces.root / "priors" / LANDMARK_FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        size = (faces.size, faces.size)
        write_landmarks(file, faces.stored_scheme, {name: (size, points) for name, points in stored.items()})
        return {"scheme": faces.stored_scheme, **faces.points_by}


def _open_shared(faces: StoredFaces) -> HeatmapSource:
    path = faces.folder / LANDMARK_FILE
    landmarks = read_landmarks(path)
    there = landmarks.faces
    present = [name in there for name in faces.names]
    check_all_present(present, faces.names, HEATMAP.name, str(path), lambda name: near_name(name, there))
    return HeatmapSource(path, landmarks, faces.names, faces.photo_sizes, faces.heatmap_rgb)


def _flip_order(channels: int) -> Sequence[int] | None:
    # The published layout has the picture's three channels before those of the landmarks.
    rgb = 0 if scheme_of_count(channels).flip_pairs is not None else RGB
    if channels > rgb and (scheme := scheme_of_count(channels - rgb)).flip_pairs is not None:
        return [*range(rgb), *(rgb + number for number in scheme.flip_order())]
    return None


HEATMAP = PriorKind(
    name="heatmap",
    finder=HeatmapFinder,
    shared_files=(LANDMARK_FILE,),
    open_shared=_open_shared,
    array_folders=("heat",),
    flip_order=_flip_order,
    needs_landmarks=True,
    picture_first=True,
)
