"""Cells by what they cost: a cell's cost depends only on how many of its kept edges have which operation."""

import math
from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement, product
from typing import NamedTuple

import numpy as np

from ...genotypes.branch_genotype import CellEdge
from ...genotypes.space import EDGES, KEPT_EDGES_PER_NODE, NODES

KEPT_EDGES = KEPT_EDGES_PER_NODE * len(NODES)
"""Kept edges of a cell."""

PAIRS = tuple(
    tuple(combinations([e for e, edge in enumerate(EDGES) if edge.target == node], KEPT_EDGES_PER_NODE))
    for node in NODES
)
"""For each node, the pairs of edges that it may keep, as positions in `EDGES`."""

WIRINGS = math.prod(len(pairs) for pairs in PAIRS)
"""How many choices of a cell's kept edges there are."""


class CellKinds(NamedTuple):
    """The kinds of cells that operations make.

    Attributes:
        counts: (M, P) how many kept edges of each kind have which operation.
        cells: (M,) how many cells are of each kind.
    """

    counts: np.ndarray
    cells: np.ndarray


def cell_kinds(operations: int) -> CellKinds:
    """All kinds of cells, for a number of operations."""
    kinds = list(combinations_with_replacement(range(operations), KEPT_EDGES))
    counts = np.array([np.bincount(kind, minlength=operations) for kind in kinds])
    orders = [math.factorial(KEPT_EDGES) // math.prod(map(math.factorial, row)) for row in counts.tolist()]
    return CellKinds(counts, WIRINGS * np.array(orders))


def cell_of_kind(counts: Sequence[int], operations: Sequence[str]) -> list[CellEdge]:
    """A cell of a kind: the first pair of edges of each node, the operations in their order.

    Args:
        counts: how many kept edges have which operation.
        operations: the names of the operations.
    """
    edges = [edge for pairs in PAIRS for edge in pairs[0]]
    names = [name for name, count in zip(operations, counts, strict=True) for _ in range(count)]
    return [CellEdge.of(EDGES[edge], name) for edge, name in zip(edges, names, strict=True)]


class ScoredCell(NamedTuple):
    """The best cell of a kind: the sum of its kept edges' scores, and for each kept edge its operation, by position."""

    score: float
    chosen: tuple[tuple[int, int], ...]


def best_cells(scores: np.ndarray) -> dict[tuple[int, ...], ScoredCell]:
    """The best cell of each kind, exactly; ties go to earlier edges and operations.

    Args:
        scores: (E, P) of each operation on each edge, edges in the order of `EDGES`.

    Returns:
        The cells by how many of their kept edges have which operation.
    """
    operations = range(scores.shape[1])
    best: dict[tuple[int, ...], ScoredCell] = {(0,) * len(operations): ScoredCell(0.0, ())}
    for pairs in PAIRS:
        added: dict[tuple[int, ...], ScoredCell] = {}
        for (a, b), (p, q) in product(pairs, product(operations, repeat=KEPT_EDGES_PER_NODE)):
            kind = tuple((p == o) + (q == o) for o in operations)
            score = float(scores[a, p] + scores[b, q])
            if kind not in added or score > added[kind].score:
                added[kind] = ScoredCell(score, ((a, p), (b, q)))
        extended: dict[tuple[int, ...], ScoredCell] = {}
        for (kind, before), (more, node) in product(best.items(), added.items()):
            together = tuple(x + y for x, y in zip(kind, more, strict=True))
            score = before.score + node.score
            if together not in extended or score > extended[together].score:
                extended[together] = ScoredCell(score, before.chosen + node.chosen)
        best = extended
    return best
