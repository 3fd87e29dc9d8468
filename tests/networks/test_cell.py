from itertools import combinations

import pytest
import torch
from mfps.genotypes.space import EDGES, NODES, Edge
from mfps.networks.cell import Cell, sum_in_order
from torch import nn


class Scale(nn.Module):
    """An edge that can be recognised: it multiplies by its own number."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


FACTORS = {edge: 1.0 + i for i, edge in enumerate(EDGES)}


def make_cell(kept=EDGES):
    return Cell(2, lambda edge, width: Scale(FACTORS[edge]) if edge in kept else None)


def expected(s0, s1, factors):
    features = {"s0": s0, "s1": s1}
    for node in NODES:
        features[node] = sum(factors[edge] * features[edge.source] for edge in factors if edge.target == node)
    return torch.cat([features[node] for node in NODES], dim=1)


@pytest.fixture
def inputs():
    return torch.randn(2, 2, 4, 3), torch.randn(2, 2, 4, 3)


def test_nodes_sum_their_edges(inputs):
    assert torch.allclose(make_cell()(*inputs), expected(*inputs, FACTORS))


def decoded_cells():
    pairs = {node: list(combinations([e for e in EDGES if e.target == node], 2)) for node in NODES}
    return [a + b + c for a in pairs["n0"] for b in pairs["n1"] for c in pairs["n2"]]


@pytest.mark.parametrize("kept", decoded_cells())
def test_dropped_edges_are_left_out(kept, inputs):
    cell = make_cell(kept)
    assert len(cell.edges) == 6
    assert torch.allclose(cell(*inputs), expected(*inputs, {edge: FACTORS[edge] for edge in kept}))


def test_edges_run_in_edge_order(inputs):
    called = []

    class Recorder(Scale):
        def forward(self, x):
            called.append(self.factor)
            return super().forward(x)

    cell = Cell(2, lambda edge, width: Recorder(FACTORS[edge]))
    cell(*inputs)
    assert called == [FACTORS[edge] for edge in EDGES]


def test_the_factory_is_asked_for_every_edge_with_the_cells_width():
    asked = []
    Cell(7, lambda edge, width: asked.append((edge, width)))
    assert asked == [(edge, 7) for edge in EDGES]


def test_edges_go_by_name():
    assert list(make_cell().edges) == [f"{source}_{target}" for source, target in EDGES]
    assert make_cell([Edge("s0", "n1")]).present == (Edge("s0", "n1"),)


def test_sums_go_from_left_to_right():
    terms = [torch.tensor(value) for value in (1e8, 1.0, -1e8, 1.0)]
    assert sum_in_order(terms).item() == ((1e8 + torch.tensor(1.0)) - 1e8 + 1.0).item()
    assert sum_in_order(terms[:1]) is terms[0]
