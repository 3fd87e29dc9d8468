"""Named batches of faces. Shapes: B batch, H and W pixels, C channels of a prior."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..images.tensors import images_to_tensor
from ..priors.face_priors import FacePriors


class FaceSample(NamedTuple):
    """One face as a worker hands it on, still in bytes."""

    degraded: np.ndarray
    """uint8 (H, W, 3) RGB."""
    clean: np.ndarray
    """uint8 (H, W, 3) RGB."""
    priors: dict[str, np.ndarray]
    """Points, labels or arrays, by prior."""
    name: str
    dropped: tuple[str, ...] = ()
    """Priors that are zeroed in the batch."""
    bad: tuple[tuple[str, str], ...] = ()
    """Faces that could not be read and that this one stands in for: names and reasons."""


class FaceBatch(NamedTuple):
    """What the networks train on and are evaluated with."""

    degraded: Float[Tensor, "B 3 H W"]
    """float32 RGB in [0, 1]."""
    clean: Float[Tensor, "B 3 H W"]
    """float32 RGB in [0, 1]."""
    priors: dict[str, Tensor]
    """float32 (B, C, H, W) by prior, in the order of `PRIORS`."""
    names: tuple[str, ...]
    """The photographs' names, posix paths relative to their folder."""
    bad: tuple[tuple[str, str], ...] = ()
    """Faces that could not be read and that others stand in for: names and reasons."""

    def to(self, device: torch.device | str, non_blocking: bool = False, channels_last: bool = False) -> "FaceBatch":
        """Move the batch to a device.

        Args:
            device: the device.
            non_blocking: let copies from pinned memory overlap with computation.
            channels_last: lay the tensors out channels-last, which convolutions in half precision prefer.
        """
        layout = torch.channels_last if channels_last else torch.preserve_format

        def moved(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=non_blocking, memory_format=layout)

        priors = {prior: moved(tensor) for prior, tensor in self.priors.items()}
        return FaceBatch(moved(self.degraded), moved(self.clean), priors, self.names, self.bad)

    def pin_memory(self) -> "FaceBatch":
        """The batch in pinned memory; torch's loaders call this, and would make lists of the names otherwise."""
        priors = {prior: tensor.pin_memory() for prior, tensor in self.priors.items()}
        return FaceBatch(self.degraded.pin_memory(), self.clean.pin_memory(), priors, self.names, self.bad)


class Collate:
    """Makes a `FaceBatch` of samples, turning stored priors into tensors.

    Args:
        priors: the priors of the data set the samples come from.
    """

    def __init__(self, priors: FacePriors) -> None:
        self.priors = priors

    def __call__(self, samples: Sequence[FaceSample]) -> FaceBatch:
        """Combine samples of one size."""
        degraded = images_to_tensor([sample.degraded for sample in samples])
        clean = images_to_tensor([sample.clean for sample in samples])
        priors = self.priors.tensors([sample.priors for sample in samples], degraded)
        for row, sample in enumerate(samples):
            for prior in sample.dropped:
                priors[prior][row] = 0
        bad = tuple(found for sample in samples for found in sample.bad)
        return FaceBatch(degraded, clean, priors, tuple(sample.name for sample in samples), bad)
