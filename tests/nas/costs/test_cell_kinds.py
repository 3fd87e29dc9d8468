from collections import Counter

import numpy as np
import pytest
from mfps.genotypes.branch_genotype import BranchGenotype
from mfps.genotypes.sampling import count_cells
from mfps.genotypes.space import EDGES, OPERATIONS, PUBLISHED_OPERATIONS, BranchSpace
from mfps.nas.costs.cell_kinds import best_cells, cell_kinds, cell_of_kind

from .architectures import all_cells


def kind_of(cell, operations):
    counted = Counter(kept.op for kept in cell)
    return tuple(counted[name] for name in operations)


@pytest.mark.parametrize("operations", [OPERATIONS[:1], OPERATIONS[1:3]])
def test_kinds_count_every_cell(operations):
    kinds = cell_kinds(len(operations))
    expected = Counter(kind_of(cell, operations) for cell in all_cells(operations))
    assert dict(zip(map(tuple, kinds.counts.tolist()), kinds.cells.tolist(), strict=True)) == expected


def test_all_kinds_together_are_all_cells():
    assert cell_kinds(len(PUBLISHED_OPERATIONS)).cells.sum() == count_cells(BranchSpace("parsing", 1)) == 73_728
    everything = BranchSpace("parsing", 1, operations=OPERATIONS)
    assert cell_kinds(len(OPERATIONS)).cells.sum() == count_cells(everything) == 18 * 7**6


def test_a_cell_of_a_kind_is_one():
    for counts in cell_kinds(len(OPERATIONS)).counts.tolist():
        cell = cell_of_kind(counts, OPERATIONS)
        assert kind_of(cell, OPERATIONS) == tuple(counts)
        assert BranchGenotype(start_rate=1, width=1, path=[1], cell=cell).cell == cell


@pytest.mark.parametrize("seed", range(3))
def test_the_best_cell_of_each_kind_is_the_best_of_all_of_its_kind(seed):
    operations = OPERATIONS[:2]
    scores = np.log(np.random.default_rng(seed).dirichlet(np.ones(2), len(EDGES)))

    def score(cell):
        return sum(scores[EDGES.index(kept.edge), operations.index(kept.op)] for kept in cell)

    expected = {}
    for cell in all_cells(operations):
        kind = kind_of(cell, operations)
        expected[kind] = max(expected.get(kind, -np.inf), score(cell))
    found = best_cells(scores)
    assert {kind: cell.score for kind, cell in found.items()} == pytest.approx(expected)
    for cell in found.values():
        assert cell.score == pytest.approx(sum(scores[e, o] for e, o in cell.chosen))


def test_ties_go_to_earlier_edges_and_operations():
    """As in `decode_cell`."""
    for cell in best_cells(np.zeros((len(EDGES), 1))).values():
        assert [EDGES[e].source for e, _ in cell.chosen] == ["s0", "s1"] * 3
