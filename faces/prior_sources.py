"""Where a prior of a face is stored, and how it becomes a tensor: landmarks, label maps, feature arrays.

A source is made once for a list of faces. It loads one face's prior as a small array, cropped as the photograph is,
and turns the arrays of a batch into the tensor (B, C, size, size).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from ..errors import MfpsError
from .flip import flip_labels, flip_points
from .image import SquareFit
from .label_maps import read_label_map
from .landmark_file import LandmarkFile
from .landmarks import draw_heatmaps, scheme_of_name
from .parsing import CELEBAMASK_CLASSES, one_hot_parsing


@runtime_checkable
class PriorSource(Protocol):
    """One prior of a list of faces."""

    channels: int
    """C of the tensor."""

    def load(self, index: int, fit: SquareFit) -> np.ndarray:
        """The prior of one face as it is kept until the batch, moved as its photograph was."""
        ...

    def flip(self, stored: np.ndarray, size: int) -> np.ndarray:
        """What `load` gave, for the face mirrored left to right; `size` is its side in pixels.

        Raises:
            MfpsError: it is not known which points or channels mirror each other.
        """
        ...

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """The batch's prior, float32 (B, C, size, size); `degraded` is (B, 3, size, size) in [0, 1]."""
        ...


class ZeroSource:
    """A prior that is left out: zeros, as the network's others go on without it.

    Args:
        channels: C of the tensor.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels

    def load(self, index: int, fit: SquareFit) -> np.ndarray:
        """Nothing."""
        return np.empty(0, np.float32)

    def flip(self, stored: np.ndarray, size: int) -> np.ndarray:
        """Nothing."""
        return stored

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """Zeros (B, C, size, size)."""
        return torch.zeros(len(stored), self.channels, size, size)


class LandmarkSource:
    """Heatmaps drawn from the points of a landmark file.

    Args:
        path: the file, for messages.
        landmarks: its content; it has every one of `names`.
        names: the faces.
        photo_sizes: width and height of each photograph.
        with_rgb: put the degraded picture before the heatmaps, K + 3 channels, as the published 71 are laid out.

    Raises:
        MfpsError: the scheme is unknown, a face has another number of points, or the photograph another size.
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
        """Mirrored points, left and right ones in each other's place."""
        return flip_points(stored, float(size), self.scheme.name).astype(np.float32)

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """Heatmaps, after the degraded picture where that was asked for."""
        heatmaps = draw_heatmaps(torch.from_numpy(np.stack(stored)), size)
        return torch.cat([degraded, heatmaps], 1) if self.with_rgb else heatmaps


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
        """Mirrored labels, left and right classes in each other's place."""
        if self.channels != len(CELEBAMASK_CLASSES):
            raise MfpsError(
                f"{self.paths[0].parent}: it is not known which of {self.channels} classes mirror each other"
            )
        return flip_labels(stored)

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """One-hot maps, resized face by face, as label maps of a batch may differ in size."""
        maps = [one_hot_parsing(torch.from_numpy(labels)[None], self.channels, size) for labels in stored]
        return torch.cat(maps)


def central_square(array: np.ndarray) -> np.ndarray:
    """The central square of (..., h, w): what `fit_square` keeps of the photograph, whatever the map's own size."""
    height, width = array.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(array[..., top : top + side, left : left + side])
