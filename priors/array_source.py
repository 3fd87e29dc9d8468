"""Priors stored as feature maps, one array per face: the published `.npy` layout, or safetensors."""

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
from .prior_kind import PriorKind
from .sources import central_square

MAX_CHANNELS = 4096
"""Limit on the channels of a stored prior, far above any real one: the network is as wide as the file says."""


ARRAY_SUFFIXES = (".npy", ".safetensors")
"""Suffixes of the files that this module reads."""


class ArraySource:
    """Feature maps (C, h, w) from .npy files or from the tensor `features` of .safetensors files.

    Args:
        paths: the file of each face.
        kind: the kind of prior that they hold; it says which channels a flip swaps.

    Raises:
        MfpsError: a file cannot be read, is not (C, h, w) numbers, or C differs between faces.
    """

    def __init__(self, paths: Sequence[Path], kind: PriorKind) -> None:
        self.paths = tuple(paths)
        self.kind = kind
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
        """Mirrored maps, with left and right channels swapped."""
        order = self.kind.flip_order(self.channels)
        if order is None:
            raise MfpsError(
                f"{self.paths[0].parent}: it is not known which of {self.channels} {self.kind.name} channels mirror "
                "each other; train without `flip`"
            )
        return np.ascontiguousarray(stored[list(order), :, ::-1])

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """The arrays as float32, resized bilinearly (align_corners=True) if their size differs."""
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
        raise MfpsError(f"{path}: {shape[0]} channels, but at most {MAX_CHANNELS} are allowed; make this prior again")
    return shape[0], shape[1], shape[2]


def _open_npy(path: Path) -> np.ndarray:
    return open_array(path, "replace the file")


def _open_features(path: Path):
    check_safetensors(path, "prior", "replace the file")
    try:
        return safe_open(path, framework="numpy").get_slice("features")
    except Exception as error:  # SafetensorError, or NumPy's error for a type that it does not have
        raise MfpsError(f"{path}: not a safetensors file with a tensor `features`; replace the file") from error
