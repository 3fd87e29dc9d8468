"""The interface of a source of priors; each kind has its own in its folder.

A source is made once for a list of faces. It loads one face's prior as a small array, cropped like the photograph,
and turns the arrays of a batch into the tensor (B, C, size, size).
"""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from ..errors import MAX_PLACE, MfpsError, shortened
from ..images.image import SquareFit


@runtime_checkable
class PriorSource(Protocol):
    """One prior of a list of faces."""

    channels: int
    """C of the tensor."""

    def load(self, index: int, fit: SquareFit) -> np.ndarray:
        """The prior of one face as it is kept until the batch is made, cropped and scaled like its photograph."""
        ...

    def flip(self, stored: np.ndarray, size: int) -> np.ndarray:
        """What `load` returned, for the face mirrored left to right; `size` is its side in pixels.

        Raises:
            MfpsError: it is not known which points or channels mirror each other.
        """
        ...

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """The batch's prior, float32 (B, C, size, size); `degraded` is (B, 3, size, size) in [0, 1]."""
        ...


class ZeroSource:
    """A prior that is left out: zeros, so that the network works with the others alone.

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


def central_square(array: np.ndarray) -> np.ndarray:
    """The central square of (..., h, w): what `fit_square` keeps of the photograph, whatever the map's own size."""
    height, width = array.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(array[..., top : top + side, left : left + side])


def check_all_present(
    present: Sequence[bool], names: Sequence[str], prior: str, where: str, near: Callable[[str], str]
) -> None:
    """Raise an MfpsError unless every face has its prior.

    Args:
        present: whether it has, face by face.
        names: the faces.
        prior: its name.
        where: the file or folder that was searched.
        near: a hint at what could have been meant by a name, see `images.near_names`.
    """
    missing = [name for name, found in zip(names, present, strict=True) if not found]
    if missing:
        hint = near(missing[0])
        raise MfpsError(
            f"{where}: the {prior} prior is missing for {len(missing)} of {len(names)} images, first "
            f"{shortened(missing[0], MAX_PLACE)}{hint and f', but {hint}'}; "
            "make the missing ones or use a list without those images"
        )
