"""A way of running a network, opened: what a worker measures."""

from pathlib import Path

import torch
from torch import Tensor

from ..engine.device import choose_device
from ..engine.execution import DTYPES, Execution, candidates, choose
from ..inference.compile import CompiledNetwork
from ..inference.cost_report import compiled_costs
from ..inference.exported_network import is_exported, open_exported
from ..inference.prior_runs import Model
from ..networks.folded_norm import fold_norms
from .convolution_rate import convolution_rate
from .faces import drawn_inputs, random_faces
from .sources import fixed_network
from .ways import Way


class Runner:
    """A network with faces to run it on, on its device.

    Args:
        way: which network, and how it is run.

    Attributes:
        runs_as: memory layout and number format, as they were chosen.

    Raises:
        MfpsError: it cannot be opened, or cannot be run in that way.
    """

    def __init__(self, way: Way) -> None:
        file, point = Path(way.file), way.point
        self._device, self._passes, self._dtype = choose_device(way.device), way.iterations, torch.float32
        if is_exported(file):
            exported = open_exported(file)
            self._model: Model = exported.model(point.threads, way.device)
            self._faces = drawn_inputs(self._model.inputs, exported.config.prior_channels, *point[:2])
            self.runs_as = exported.metadata.precision
            genotype, config, passes = exported.genotype, exported.config, exported.config.iterations
        else:
            compiled = fixed_network(way.file, way.iterations)
            self._faces = random_faces(point.batch, point.size, compiled.config.prior_channels)
            self._model, chosen = _torch_model(compiled, way, self._device, self._faces)
            self.runs_as, self._dtype = str(chosen), DTYPES[chosen.precision]
            genotype, config = compiled.genotype, compiled.config
            passes = way.iterations or config.iterations
        of_passes = config.model_copy(update={"iterations": passes})
        self.flops = compiled_costs(genotype, of_passes, point.size)["total"].flops
        """Of one face."""

    def run(self) -> None:
        """Restore the faces once, to the end."""
        with torch.inference_mode():
            self._model(*self._faces, self._passes)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def convolution_rate(self) -> float:
        """FLOP/s at which the machine computes convolutions in the number format that the network runs in."""
        return convolution_rate(self._device, self._dtype)

    def peak_mb(self) -> float | None:
        """Peak memory of a GPU; None on the CPU, where it is the process's."""
        return torch.cuda.max_memory_allocated(self._device) / 2**20 if self._device.type == "cuda" else None


def _torch_model(
    compiled: CompiledNetwork, way: Way, device: torch.device, faces: tuple[Tensor, dict[str, Tensor]]
) -> tuple[Model, Execution]:
    """The network ready to run, and how it runs."""
    network = fold_norms(compiled.restorer).to(device)
    degraded, priors = (faces[0].to(device), {name: tensor.to(device) for name, tensor in faces[1].items()})

    def run(execution: Execution) -> list[Tensor]:
        network.to(memory_format=execution.memory_format)  # pyright: ignore[reportCallIssue]
        laid = {name: tensor.to(memory_format=execution.memory_format) for name, tensor in priors.items()}
        with torch.inference_mode(), execution.autocast(device):
            return network(degraded.to(memory_format=execution.memory_format), laid, way.iterations)

    chosen = choose(candidates(device, way.layout, way.precision), run, device).execution
    return lambda *_: run(chosen), chosen
