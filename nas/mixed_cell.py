"""The cell of a supernet: all candidate operations of all nine edges at once, weighted.

Source: DARTS (Liu et al., 2019), continuous relaxation.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..genotypes.space import CELL_INPUTS, EDGES, NODES, Edge
from ..networks.cell import Weight
from ..networks.operations import make_operation
from .weighted_sum import is_zero, plus_weighted
from .wide_convolution import as_wide


class MixedCell(nn.Module):
    """A cell of a given width with every candidate on every edge. Its modules are named as a `Cell`'s.

    Args:
        operations: names of the candidates.
        width: channels of the two inputs and of every node.
    """

    def __init__(self, operations: tuple[str, ...], width: int) -> None:
        super().__init__()
        self.operations = operations
        self.edges = nn.ModuleDict(
            {edge.name: nn.ModuleDict({name: make_operation(name, width) for name in operations}) for edge in EDGES}
        )

    def forward(
        self,
        s0: Float[Tensor, "B C H W"],
        s1: Float[Tensor, "B C H W"],
        weights: Mapping[Edge, Mapping[str, Weight]],
    ) -> Float[Tensor, "B 3*C H W"]:
        """Run the cell.

        Args:
            s0: features from two layers back, at the cell's size and width.
            s1: features from the layer before, likewise.
            weights: for each edge the weight of each operation, not negative. What is missing, or is a plain 0, is not
                computed.

        Returns:
            The concatenation of the three nodes. A node is the sum over its edges of the weighted sums of their
            operations' results.
        """
        features = {"s0": s0, "s1": s1}
        sums: dict[str, Tensor] = {}
        for source in (*CELL_INPUTS, *NODES):  # in the order in which they become known
            if source in NODES:
                features[source] = sums[source] if source in sums else torch.zeros_like(s0)
            self._add_from(source, features[source], weights, sums)
        return torch.cat([features[node] for node in NODES], dim=1)

    def _add_from(
        self, source: str, x: Tensor, weights: Mapping[Edge, Mapping[str, Weight]], sums: dict[str, Tensor]
    ) -> None:
        """Add what the edges out of a source bring to the sums of the nodes that they lead to."""
        blocks: dict[tuple[str, ...], Tensor] = {}
        for name in self.operations:
            given = {
                edge.target: weights[edge][name]
                for edge in EDGES
                if edge.source == source and edge in weights and not is_zero(weights[edge].get(name, 0.0))
            }
            targets, wanted = tuple(given), list(given.values())
            operations = [self.get_submodule(f"edges.{source}_{target}.{name}") for target in targets]
            if (wide := as_wide(operations, wanted, x)) is not None:
                block = wide(x)
                blocks[targets] = blocks[targets] + block if targets in blocks else block
                continue
            for target, operation, weight in zip(targets, operations, wanted, strict=True):
                sums[target] = plus_weighted(sums.get(target), weight, operation(x))
        for targets, block in blocks.items():
            for target, part in zip(targets, block.chunk(len(targets), dim=1), strict=True):
                sums[target] = sums[target] + part if target in sums else part
