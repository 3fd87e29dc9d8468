"""The cell of a fixed network: three nodes that sum their edges.

Legend: B batch, C channels, H/W pixels.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..genotypes.space import EDGES, NODES, Edge

Weight = Tensor | float
"""A mixing weight: a scalar tensor during the search, a plain number once it is decided."""

EdgeFactory = Callable[[Edge, int], nn.Module | None]
"""Builds the module of an edge for a cell width; None if the edge was dropped."""


class Cell(nn.Module):
    """A fixed cell of a given width. Node n sums its edges in edge order; the output is the concatenation of the nodes.

    Args:
        width: channels of the two inputs and of every node.
        make_edge: builds each edge's module.
    """

    def __init__(self, width: int, make_edge: EdgeFactory) -> None:
        super().__init__()
        made = {edge: make_edge(edge, width) for edge in EDGES}
        self.edges = nn.ModuleDict({edge.name: module for edge, module in made.items() if module is not None})
        self.present = tuple(edge for edge in EDGES if edge.name in self.edges)

    def forward(self, s0: Float[Tensor, "B C H W"], s1: Float[Tensor, "B C H W"]) -> Float[Tensor, "B 3*C H W"]:
        """Run the cell.

        Args:
            s0: features from two layers back, at the cell's size and width.
            s1: features from the layer before, likewise.

        Returns:
            The concatenation of the three nodes.
        """
        features: dict[str, Tensor] = {"s0": s0, "s1": s1}
        for node in NODES:
            into = [edge for edge in self.present if edge.target == node]
            features[node] = sum_in_order([self.edges[edge.name](features[edge.source]) for edge in into])
        return torch.cat([features[node] for node in NODES], dim=1)


def sum_in_order(terms: list[Tensor]) -> Tensor:
    """Sum at least one tensor, from left to right."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
