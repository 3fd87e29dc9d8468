"""What the writers of the formats are given."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from ..inference.compile import CompiledNetwork
from ..inference.export_metadata import ExportMetadata
from .face_graph import FaceGraph

if TYPE_CHECKING:
    from torch.export import ExportedProgram


@dataclass(frozen=True)
class ExportJob:
    """One network on its way into files.

    Attributes:
        compiled: the network as it was trained.
        graph: what a file computes, with folded batch norms.
        metadata: what a file says about itself.
        examples: inputs of the graph for a face or two, by name.
        opset: version of the ONNX operators.
        program: the graph as a program of torch.export; None if no format takes one.
    """

    compiled: CompiledNetwork
    graph: FaceGraph
    metadata: ExportMetadata
    examples: dict[str, Tensor]
    opset: int
    program: "ExportedProgram | None"

    @property
    def given(self) -> tuple[Tensor, ...]:
        """The examples in the order in which the graph takes them."""
        return tuple(self.examples[name] for name in self.graph.input_names)
