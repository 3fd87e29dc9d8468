"""The heatmap prior of a list of faces: points are kept per face, heatmaps are drawn per batch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import MfpsError
from ...images.image import SquareFit
from ..flip import flip_points
from .heatmaps import draw_heatmaps
from .landmark_file import LandmarkFile
from .schemes import scheme_of_name


class HeatmapSource:
    """Heatmaps drawn from the points of a landmark file.

    Args:
        path: the file, for messages.
        landmarks: its content; it has every one of `names`.
        names: the faces.
        photo_sizes: width and height of each photograph.
        with_rgb: put the degraded picture before the heatmaps, K + 3 channels, as the published 71 are laid out.

    Raises:
        MfpsError: the scheme is unknown, a face has a wrong number of points, or its photograph a different size.
    """

    def __init__(
        self,
        path: Path,
        landmarks: LandmarkFile,
        names: Sequence[str],
        photo_sizes: Mapping[str, tuple[int, int]],
        with_rgb: bool,
    ) -> None:
        try:
            scheme = scheme_of_name(landmarks.scheme)
        except MfpsError as error:
            raise MfpsError(f"{path}: {error}") from error
        self.scheme, count = scheme, scheme.count
        self.points = np.full((len(names), count, 2), np.nan, np.float32)
        for row, name in zip(self.points, names, strict=True):
            face = landmarks.faces[name]
            if len(face.points) != count:
                raise MfpsError(
                    f"{path}: {name} has {len(face.points)} points, but the scheme {landmarks.scheme} has {count}; "
                    "every face needs the same points"
                )
            if face.size != photo_sizes[name]:
                raise MfpsError(
                    f"{path}: the points of {name} are for {face.size[0]} x {face.size[1]} pixels, but the photograph "
                    f"has {photo_sizes[name][0]} x {photo_sizes[name][1]}; find its landmarks again"
                )
            for number, point in enumerate(face.points):
                if point is not None:
                    row[number] = point
        self.with_rgb = with_rgb
        self.channels = count + 3 * with_rgb

    def load(self, index: int, fit: SquareFit) -> np.ndarray:
        """Points (K, 2), float32, in pixels of the fitted picture."""
        return fit.move(self.points[index]).astype(np.float32)

    def flip(self, stored: np.ndarray, size: int) -> np.ndarray:
        """Mirrored points, with left and right ones swapped."""
        return flip_points(stored, float(size), self.scheme.name).astype(np.float32)

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """Heatmaps, after the degraded picture if `with_rgb` asks for it."""
        heatmaps = draw_heatmaps(torch.from_numpy(np.stack(stored)), size)
        return torch.cat([degraded, heatmaps], 1) if self.with_rgb else heatmaps
