"""Priors stored as feature maps, one array a face: the published `.npy` layout, or safetensors."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor

from ..errors import MfpsError
from ..files.npy_file import open_array
from ..files.safetensors_header import check_safetensors
from ..images.image import SquareFit
from .landmarks.schemes import scheme_of_count
from .parsing.classes import CELEBAMASK_CLASSES, CELEBAMASK_FLIP_PAIRS
from .sources import central_square

MAX_CHANNELS = 4096
"""More channels than any prior has; the network is as wide as a file says."""


class ArraySource:
    """Feature maps (C, h, w) from .npy files or from the tensor `features` of .safetensors files.

    Args:
        paths: the file of each face.
        prior: whose maps they are; it says which channels a flip swaps.

    Raises:
        MfpsError: a file cannot be read, is not (C, h, w) numbers, or C differs between faces.
    """

    def __init__(self, paths: Sequence[Path], prior: str) -> None:
        self.paths = tuple(paths)
        self.prior = prior
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
        if not np.isfinite(array).all():
            raise MfpsError(f"{path}: holds values that are not finite; make this prior again")
        return central_square(array)

    def flip(self, stored: np.ndarray, size: int) -> np.ndarray:
        """Mirrored maps, left and right channels in each other's place."""
        order = self._flip_order()
        return np.ascontiguousarray((stored if order is None else stored[list(order)])[..., ::-1])

    def _flip_order(self) -> Sequence[int] | None:
        """For each channel the one it was before a flip; None where a flip swaps none."""
        if self.prior == "dictionary":
            return None
        if self.prior == "parsing" and self.channels == len(CELEBAMASK_CLASSES):
            swapped = dict(CELEBAMASK_FLIP_PAIRS) | {right: left for left, right in CELEBAMASK_FLIP_PAIRS}
            return [swapped.get(channel, channel) for channel in range(self.channels)]
        if self.prior == "heatmap":
            # The published layout has the picture's three channels before the landmarks' ones.
            rgb = 0 if scheme_of_count(self.channels).flip_pairs is not None else 3
            if self.channels > rgb and (scheme := scheme_of_count(self.channels - rgb)).flip_pairs is not None:
                return [*range(rgb), *(rgb + number for number in scheme.flip_order())]
        raise MfpsError(
            f"{self.paths[0].parent}: it is not known which of {self.channels} {self.prior} channels mirror each "
            "other; train without --flip"
        )

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
        raise MfpsError(f"{path}: a prior is an array of numbers (channels, height, width), not {shape}")
    if shape[0] > MAX_CHANNELS:
        raise MfpsError(f"{path}: {shape[0]} channels, but at most {MAX_CHANNELS} are read; make this prior again")
    return shape[0], shape[1], shape[2]


def _open_npy(path: Path) -> np.ndarray:
    return open_array(path, "replace the file")


def _open_features(path: Path):
    check_safetensors(path, "prior", "replace the file")
    try:
        return safe_open(path, framework="numpy").get_slice("features")
    except Exception as error:  # SafetensorError, and whatever NumPy says to a type that it does not have
        raise MfpsError(f"{path}: no safetensors file with a tensor `features`; replace the file") from error
