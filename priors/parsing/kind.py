"""The parsing prior: label maps, found by the face parser, one-hot in the network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..faces import CutFaces, SeenFaces
from ..prior_kind import ExternalSources, PriorKind
from .classes import CELEBAMASK_CLASSES, CELEBAMASK_FLIP_PAIRS
from .label_maps import colour_labels, read_label_map, write_label_map
from .one_hot import one_hot_parsing
from .source import LabelSource

CLASSES = len(CELEBAMASK_CLASSES)

SHARE_OF_COLOUR = 0.45
"""How much of a label's colour shows over the face."""


class ParsingFinder:
    """Finds parsing maps with the face parser.

    Args:
        sources: names the parser.
        device: where it runs.

    Raises:
        MfpsError: the parser is not available, see `FaceParser`.
    """

    network: Mapping[str, Any]
    provenance: Mapping[str, Any]

    def __init__(self, sources: ExternalSources, device: torch.device) -> None:
        from .face_parser import FaceParser

        self._parser = FaceParser(sources.parser, device)
        self.network = self.provenance = dict(self._parser.provenance())

    def find(self, faces: SeenFaces) -> Tensor:
        """One-hot maps."""
        labels = torch.from_numpy(self._parser.parse(faces.pictures)).to(faces.images.device)
        return one_hot_parsing(labels, CLASSES, faces.images.shape[-1])

    def make(self, faces: CutFaces) -> dict[str, Any]:
        """Store a label map for every face."""
        PARSING.make_files(faces, self._parser.parse, write_label_map)
        return dict(self.network)


def _open_files(paths: Sequence[Path]) -> LabelSource:
    return LabelSource(paths, CLASSES)


def _flip_order(channels: int) -> Sequence[int] | None:
    if channels != CLASSES:
        return None
    swapped = dict(CELEBAMASK_FLIP_PAIRS) | {right: left for left, right in CELEBAMASK_FLIP_PAIRS}
    return [swapped.get(channel, channel) for channel in range(channels)]


def _show(picture: np.ndarray, file: Path) -> np.ndarray:
    """The face through its label map's colours; the background stays dim."""
    colours = Image.fromarray(colour_labels(read_label_map(file)))
    resized = np.array(colours.resize(picture.shape[1::-1], Image.Resampling.NEAREST))
    return np.rint((1 - SHARE_OF_COLOUR) * picture + SHARE_OF_COLOUR * resized).astype(np.uint8)


PARSING = PriorKind(
    name="parsing",
    finder=ParsingFinder,
    files=("parsing/{stem}.png",),
    open_files=_open_files,
    array_folders=("parse",),
    flip_order=_flip_order,
    show=_show,
)
