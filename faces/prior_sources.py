"""Where a prior of a face is stored, and how it becomes a tensor: landmarks, label maps, feature arrays.

A source is made once for a list of faces. It loads one face's prior as a small array, cropped as the photograph is,
and turns the arrays of a batch into the tensor (B, C, size, size).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import MfpsError
from .image import SquareFit
from .landmark_file import LandmarkFile
from .landmarks import draw_heatmaps, scheme_of_name
from .parsing import one_hot_parsing


@runtime_checkable
class PriorSource(Protocol):
    """One prior of a list of faces."""

    channels: int
    """C of the tensor."""

    def load(self, index: int, fit: SquareFit) -> np.ndarray:
        """The prior of one face as it is kept until the batch, moved as its photograph was."""
        ...

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """The batch's prior, float32 (B, C, size, size); `degraded` is (B, 3, size, size) in [0, 1]."""
        ...


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
            count = scheme_of_name(landmarks.scheme).count
        except MfpsError as error:
            raise MfpsError(f"{path}: {error}") from error
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
        path = self.paths[index]
        try:
            with Image.open(path) as image:
                mode = image.mode
                labels = np.array(image)
        except Exception as error:  # a damaged file can make Pillow's decoders raise almost anything
            raise MfpsError(f"{path}: the label map cannot be read; replace the file") from error
        if mode not in ("P", "L"):
            raise MfpsError(f"{path}: a label map is an 8-bit palette or grey PNG, not {mode}; store class numbers")
        if labels.max() >= self.channels:
            raise MfpsError(
                f"{path}: the label map holds class {labels.max()}, but {self.channels} classes go from 0 to "
                f"{self.channels - 1}; relabel it"
            )
        return _central_square(labels)

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """One-hot maps, resized face by face, as label maps of a batch may differ in size."""
        maps = [one_hot_parsing(torch.from_numpy(labels)[None], self.channels, size) for labels in stored]
        return torch.cat(maps)


class ArraySource:
    """Feature maps (C, h, w) from .npy files or from the tensor `features` of .safetensors files.

    Args:
        paths: the file of each face.

    Raises:
        MfpsError: a file cannot be read, is not (C, h, w) numbers, or C differs between faces.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        shapes = [_array_shape(path) for path in self.paths]
        self.channels = shapes[0][0]
        for path, shape in zip(self.paths, shapes, strict=True):
            if shape[0] != self.channels:
                raise MfpsError(
                    f"{path}: {shape[0]} channels, but {self.paths[0].name} has {self.channels}; "
                    "every face needs the same number"
                )

    def load(self, index: int, fit: SquareFit) -> np.ndarray:
        """The array as stored, cut to its central square."""
        path = self.paths[index]
        array = np.array(_open_npy(path)) if path.suffix == ".npy" else _open_features(path)[:]
        return _central_square(array)

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """The arrays as float32, resized bilinearly (align_corners=True) where they have another size."""
        maps = []
        for array in stored:
            features = torch.from_numpy(array.astype(np.float32))[None]
            if features.shape[-2:] != (size, size):
                features = F.interpolate(features, size=(size, size), mode="bilinear", align_corners=True)
            maps.append(features)
        return torch.cat(maps)


def _array_shape(path: Path) -> tuple[int, int, int]:
    if path.suffix == ".npy":
        array = _open_npy(path)
        shape, numeric = array.shape, array.dtype.kind in "fiu"
    else:
        features = _open_features(path)
        shape, numeric = tuple(features.get_shape()), features.get_dtype() in ("F16", "F32", "F64", "U8")
    if len(shape) != 3 or 0 in shape or not numeric:
        raise MfpsError(f"{path}: a prior is an array of numbers (channels, height, width), not {tuple(shape)}")
    return shape[0], shape[1], shape[2]


def _open_npy(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise MfpsError(f"{path}: not a plain NumPy array (pickled ones are refused); replace the file") from error


def _open_features(path: Path):
    try:
        return safe_open(path, framework="numpy").get_slice("features")
    except (OSError, SafetensorError) as error:
        raise MfpsError(f"{path}: no safetensors file with a tensor `features`; replace the file") from error


def _central_square(array: np.ndarray) -> np.ndarray:
    """The central square of (..., h, w): what `fit_square` keeps of the photograph, whatever the map's own size."""
    height, width = array.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(array[..., top : top + side, left : left + side])
