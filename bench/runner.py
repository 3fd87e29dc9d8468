"""A way of running a network, opened: what a worker measures."""

from pathlib import Path

import torch

from ..engine.device import choose_device
from ..engine.execution import DTYPES
from ..inference.cost_report import compiled_costs
from ..inference.exported_network import is_exported, open_exported
from ..inference.prior_runs import Model
from ..inference.running import Asked, RunningNetwork, executions
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
            exported = open_exported(file)
            self._model: Model = exported.model(point.threads, way.device)
            self._faces = drawn_inputs(self._model.inputs, exported.config.prior_channels, *point[:2])
            self._format = exported.metadata.precision
            genotype, config, passes = exported.genotype, exported.config, exported.config.iterations
        else:
            compiled = fixed_network(way.file, way.iterations)
            self._faces = random_faces(point.batch, point.size, compiled.config.prior_channels)
            tried = executions(Asked(way.layout, way.precision), self._device, MANY)
            self._model = RunningNetwork(compiled.restorer, self._device, tried, faces=MANY)
            genotype, config = compiled.genotype, compiled.config
            passes = way.iterations or config.iterations
        of_passes = config.model_copy(update={"iterations": passes})
        self.flops = compiled_costs(genotype, of_passes, point.size)["total"].flops

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
