"""Conversion between pictures as bytes and as tensors. Shapes: B batch, H and W pixels."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import MfpsError


def images_to_tensor(images: Sequence[np.ndarray]) -> Float[Tensor, "B 3 H W"]:
    """Stack uint8 (H, W, 3) pictures of one size into a float32 tensor in [0, 1]."""
    # In NumPy: torch would start its threads for a few milliseconds of work.
    stacked = np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))
    return torch.from_numpy(stacked.astype(np.float32) / 255)


def to_uint8(array: np.ndarray) -> np.ndarray:
    """Convert a network's picture to bytes by rounding.

    Args:
        array: float (..., 3, H, W) in [0, 1], an array or anything NumPy can view as one (a tensor on the CPU);
            other values are clipped.

    Returns:
        uint8 (..., H, W, 3).

    Raises:
        MfpsError: a value is not finite.
    """
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        raise MfpsError("the picture holds values that are not finite; the network has diverged")
    return np.ascontiguousarray(np.moveaxis(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8), -3, -1))
