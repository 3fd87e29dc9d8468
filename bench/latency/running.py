"""Networks and their parts, ready to be run again and again in the way that is measured."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...engine.clock import clock_of
from ...engine.execution import DTYPES, Execution
from ...export.face_graph import FaceGraph, GraphSpec
from ...export.onnx_file import onnx_model
from ...export.quiet import quiet
from ...export.torch_files import make_program
from ...files.atomic_file import write_atomically
from ...genotypes.genotype import Genotype
from ...inference.compile import compile_genotype
from ...inference.cuda_graphs import CudaGraphs, Eager, Form
from ...inference.exported_runner import onnx_providers, onnx_session
from ...nas.costs.parts import Part
from ...nas.latency_table import Machine
from ...networks.folded_norm import fold_norms
from ...networks.network_config import NetworkConfig
from ..faces import random_faces
from .blocks import Copies, block

OPSET = 20
"""Version of the ONNX operators, as `mfps export` has it by default."""

Run = Callable[[], object]
"""Makes one pass, to its end."""


class Ways(NamedTuple):
    """How networks are run.

    Attributes:
        machine: what computes.
        size: side of the face in pixels.
        folder: for exported files.
    """

    machine: Machine
    size: int
    folder: Path

    @property
    def clock(self) -> Callable[[], float]:
        """The clock that times passes."""
        return clock_of(torch.device(self.machine.device), self.machine.threads)

    def part(self, part: Part) -> Run:
        """`COPIES` copies of a part."""
        build, example = block(part, self.size)
        return self._module(Copies(build, example), example)

    def nothing(self) -> Run:
        """A call that computes nothing."""
        return self._module(_Nothing(), torch.rand(1, 3, 8, 8))

    def network(self, genotype: Genotype, config: NetworkConfig) -> Run:
        """The whole network of a genotype, on one face."""
        torch.manual_seed(0)
        restorer = compile_genotype(genotype, config).eval()
        passes = config.iterations
        channels = config.prior_channels if passes > 1 else {}
        picture, priors = random_faces(2, self.size, channels)  # one face would be taken as fixed in an exported file
        if self.machine.runtime == "torch":
            return self._torch(restorer, picture[:1], {name: tensor[:1] for name, tensor in priors.items()}, passes)
        spec = GraphSpec(self.size, passes, (passes - 1,), channels, "inputs" if channels else "none")
        graph = FaceGraph(fold_norms(restorer), spec).eval()
        program = make_program(graph, {"input": picture, **priors}, None)
        return self._session(program, {"input": picture[:1], **{name: priors[name][:1] for name in channels}})

    def _module(self, module: nn.Module, example: Tensor) -> Run:
        if self.machine.runtime == "torch":
            return self._torch(_Called(module), example)
        with quiet(), torch.no_grad():
            program = torch.export.export(fold_norms(module), (example,))
        return self._session(program, {"input": example})

    def _torch(
        self, network: nn.Module, face: Tensor, priors: Mapping[str, Tensor] | None = None, passes: int | None = None
    ) -> Run:
        """As `inference.running` runs a network; on a GPU as with many faces, recorded."""
        machine = self.machine
        device, dtype = torch.device(machine.device), DTYPES[machine.precision]
        form = Form(device, dtype, Execution(machine.layout, machine.precision).memory_format)
        ready = fold_norms(network).to(device, dtype).to(memory_format=form.memory_format)  # pyright: ignore[reportCallIssue]
        model = CudaGraphs(ready, form) if device.type == "cuda" else Eager(ready, form)
        given = {name: form.of(tensor) for name, tensor in (priors or {}).items()}
        face = form.of(face)

        def run() -> None:
            model(face, given, passes)
            if device.type == "cuda":
                torch.cuda.synchronize(device)

        return run

    def _session(self, program: torch.export.ExportedProgram, given: Mapping[str, Tensor]) -> Run:
        """As an exported file is run."""
        file = self.folder / "part.onnx"
        write_atomically(file, onnx_model(program, OPSET, list(given), None).SerializeToString())
        session = onnx_session(file, self.machine.threads, onnx_providers(torch.device(self.machine.device), False))
        values = {name: tensor.numpy() for name, tensor in given.items()}
        return lambda: session.run(None, values)


@contextmanager
def with_threads(count: int) -> Iterator[None]:
    """Inside the block torch computes with that many processor threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Called(nn.Module):
    """A part that is called like a network, and gives one result."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, face: Tensor, _priors: Mapping[str, Tensor], _passes: int | None) -> list[Tensor]:
        return [self.module(face)[-1]]


class _Nothing(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x.relu(),)  # what has no operation at all cannot be exported
