"""A trained network as a Python object: load one, call it on a photograph, get the restored face."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..engine.device import choose_device
from ..errors import MfpsError
from ..genotypes.genotype import Genotype
from ..images.image import fit_square, read_image
from ..images.tensors import images_to_tensor, to_uint8
from ..networks.restorer import Restorer
from .compile import CompiledNetwork
from .open_network import open_network
from .running import Asked, RunningNetwork, executions


def load(weights: str | Path, device: str = "auto", genotype: str | Path | None = None) -> "TrainedNetwork":
    """Load a trained network.

    Args:
        weights: a weights file, the run folder of a retraining, or a .pth or safetensors file of others.
        device: auto (CUDA where there is a GPU), cpu, cuda or cuda:N.
        genotype: the architecture of a file of others, which does not say it: a file, run folder or published name.

    Returns:
        The network, ready to restore faces.

    Raises:
        MfpsError: the file is not the weights file of a fixed network, or there is no such device.
    """
    return TrainedNetwork(open_network(Path(weights), genotype)).to(device)


class TrainedNetwork:
    """A fixed network with its weights, ready to restore faces. Made by `load`.

    Attributes:
        network: the module, in eval mode. It maps (B, 3, H, W) in [0, 1] to a list with each iteration's output. To
            call this object is to run a copy of it that is made for speed, and anew after its tensors were changed.
        genotype: its architecture.
        size: side in pixels of the faces it was trained on, and of those it returns.
        priors: the facial priors that it takes, in order.
        provenance: what its file says about the training.
    """

    def __init__(self, compiled: CompiledNetwork) -> None:
        self.network: Restorer = compiled.restorer
        self.genotype: Genotype = compiled.genotype
        self.size: int = compiled.size
        self.priors: tuple[str, ...] = compiled.priors
        self.provenance: dict[str, Any] = compiled.provenance
        self._running: tuple[_Tensors, RunningNetwork] | None = None

    def __repr__(self) -> str:
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        takes = f", priors {', '.join(self.priors)}" if self.priors else ""
        return f"TrainedNetwork({self.genotype.name!r}, {self.size} px, {parameters:,} parameters{takes})"

    @property
    def device(self) -> torch.device:
        """The device that the network is on."""
        return next(self.network.parameters()).device

    def to(self, device: str | torch.device) -> "TrainedNetwork":
        """Move the network to a device.

        Args:
            device: auto, cpu, cuda or cuda:N.

        Returns:
            This same object.

        Raises:
            MfpsError: there is no such device.
        """
        self.network.to(choose_device(device) if isinstance(device, str) else device)
        return self

    @torch.no_grad()
    def __call__(
        self,
        face: str | Path | np.ndarray,
        priors: Mapping[str, np.ndarray | Tensor] | None = None,
        iterations: int | None = None,
    ) -> np.ndarray:
        """Restore one aligned face.

        A picture that is not square is cropped to its middle; it is resized to `size` pixels, enlarged if need be.

        Args:
            face: a photograph's file, or its pixels: uint8 (H, W, 3), RGB.
            priors: each prior as (C, size, size), with values as in training. Without priors only the first iteration
                runs, which needs none.
            iterations: passes over the face; by default the network's own number.

        Returns:
            uint8 (size, size, 3), RGB.

        Raises:
            MfpsError: the file cannot be read, the array has another shape or type, or a prior is missing, unknown or
                of another shape.
        """
        picture, _ = fit_square(_pixels(face), self.size, enlarge=True)
        given = {name: _prior(name, value) for name, value in (priors or {}).items()}
        if unknown := [name for name in given if name not in self.priors]:
            takes = ", ".join(self.priors) or "none"
            raise MfpsError(f"`priors` has {unknown[0]!r}, which this network does not take; it takes {takes}")
        if iterations is None and self.priors and not given:
            iterations = 1
        outputs = self._ready()(images_to_tensor([picture]), given, iterations)
        return to_uint8(outputs[-1].cpu().numpy())[0]

    def _ready(self) -> RunningNetwork:
        """The network ready to run: made once, and again after `network` was changed or moved."""
        tensors = _tensors_of(self.network)
        if self._running is None or self._running[0] != tensors:
            self._running = None  # its memory is free before another is made
            self._running = tensors, RunningNetwork(self.network, self.device, executions(Asked(), self.device, None))
        return self._running[1]


_Tensors = tuple[tuple[int, float], ...]


def _tensors_of(network: Restorer) -> _Tensors:
    """Where each tensor of a network is, and the sum of its values; torch's counters miss fused optimizers' updates."""
    tensors = (*network.parameters(), *network.buffers())
    return tuple((tensor.data_ptr(), float(tensor.detach().sum(dtype=torch.float64))) for tensor in tensors)


def _pixels(face: str | Path | np.ndarray) -> np.ndarray:
    if isinstance(face, str | Path):
        return read_image(face)
    if not isinstance(face, np.ndarray) or face.ndim != 3 or face.shape[2] != 3 or face.dtype != np.uint8:
        kind = f"{face.dtype} {face.shape}" if isinstance(face, np.ndarray) else f"a {type(face).__name__}"
        raise MfpsError(
            f"`face` must be a file or uint8 pixels (H, W, 3), RGB in 0 to 255, not {kind}; convert it first"
        )
    if 0 in face.shape:
        raise MfpsError(f"`face` has no pixels: its shape is {face.shape}")
    return face


def _prior(name: str, value: np.ndarray | Tensor) -> Tensor:
    """A prior as a batch of one, float32 (1, C, H, W)."""
    prior = torch.as_tensor(value)
    if prior.ndim != 3:
        raise MfpsError(f"the {name} prior must be (C, H, W), not {tuple(prior.shape)}")
    return prior.float()[None]
