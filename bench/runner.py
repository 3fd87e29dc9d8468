"""A way of running a network, opened: what a worker measures."""

from pathlib import Path

import torch

from ..engine.device import choose_device
from ..engine.execution import DTYPES
from ..inference.cost_report import compiled_costs
from ..inference.exported_network import is_exported, open_exported
from ..inference.hand_made_network import HandMadeNetwork
from ..inference.prior_runs import Model
from ..inference.running import Asked, RunningNetwork, executions
from ..networks.cost import network_cost
from .convolution_rate import convolution_rate
from .faces import drawn_inputs, random_faces
from .sources import fixed_network
from .ways import Way

MANY = 1000
"""Faces that a network is told will follow, so that it times what is left to choose."""


class Runner:
    """A network with faces to run it on, on its device.

    Args:
        way: which network, and how it is run.

    Attributes:
        flops: of one face.

    Raises:
        MfpsError: it cannot be opened, or cannot be run in that way.
    """

    def __init__(self, way: Way) -> None:
        file, point = Path(way.file), way.point
        self._device, self._passes, self._format = choose_device(way.device), way.iterations, ""
        if is_exported(file):
            opened = open_exported(file)
            self._model: Model = opened.model(point.threads, way.device)
            self._faces = drawn_inputs(self._model.inputs, opened.config.prior_channels, *point[:2])
            self._format, passes = opened.metadata.precision, None
        else:
            opened, passes = fixed_network(way.file, way.iterations), way.iterations
            self._faces = random_faces(point.batch, point.size, opened.config.prior_channels)
            tried = executions(Asked(way.layout, way.precision), self._device, MANY)
            self._model = RunningNetwork(opened.restorer, self._device, tried, faces=MANY)
        if isinstance(opened, HandMadeNetwork):
            costs = network_cost(opened.restorer, point.size)
        else:
            of_passes = opened.config.model_copy(update={"iterations": passes or opened.config.iterations})
            costs = compiled_costs(opened.genotype, of_passes, point.size)
        self.flops = costs["total"].flops

    def run(self) -> None:
        """Restore the faces once, to the end."""
        with torch.inference_mode():
            self._model(*self._faces, self._passes)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    @property
    def runs_as(self) -> str:
        """Memory layout and number format; known once it has run."""
        choice = self._model.choice if isinstance(self._model, RunningNetwork) else None
        return str(choice.execution) if choice else self._format

    def convolution_rate(self) -> float:
        """FLOP/s at which the machine computes convolutions in the number format that the network runs in."""
        return convolution_rate(
            self._device, next((DTYPES[name] for name in DTYPES if name in self.runs_as), torch.float32)
        )

    def peak_mb(self) -> float | None:
        """Peak memory of a GPU; None on the CPU, where it is the process's."""
        return torch.cuda.max_memory_allocated(self._device) / 2**20 if self._device.type == "cuda" else None
