"""The parsing prior of a list of faces: label maps are kept per face and made one-hot per batch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import MfpsError
from ...images.image import SquareFit
from ..flip import flip_labels
from ..sources import central_square
from .classes import CELEBAMASK_CLASSES
from .label_maps import read_label_map
from .one_hot import one_hot_parsing


class LabelSource:
    """One-hot parsing from label maps, PNG files with a palette or grey index.

    Args:
        paths: the label map of each face.
        classes: number of channels.
    """

    def __init__(self, paths: Sequence[Path], classes: int) -> None:
        self.paths = tuple(paths)
        self.channels = classes

    def load(self, index: int, fit: SquareFit) -> np.ndarray:
        """Labels (h, w), uint8, at the size they are stored in, cut to the central square."""
        return central_square(read_label_map(self.paths[index], self.channels))

    def flip(self, stored: np.ndarray, size: int) -> np.ndarray:
        """Mirrored labels, with left and right classes swapped."""
        if self.channels != len(CELEBAMASK_CLASSES):
            raise MfpsError(
                f"{self.paths[0].parent}: it is not known which of {self.channels} classes mirror each other"
            )
        return flip_labels(stored)

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """One-hot maps, resized face by face, because label maps of a batch may differ in size."""
        maps = [one_hot_parsing(torch.from_numpy(labels)[None], self.channels, size) for labels in stored]
        return torch.cat(maps)
