import numpy as np
import pytest
from mfps.genotypes.branch_genotype import BranchGenotype
from mfps.genotypes.decode import choice_scores, path_score
from mfps.genotypes.space import OPERATIONS, BranchSpace
from mfps.nas.costs.branch_costs import BranchCosts
from mfps.nas.costs.cell_kinds import cell_kinds, cell_of_kind
from mfps.nas.costs.trellis_labels import Column, cell_costs, label_paths, rates_of, start_label

SPACES = [
    BranchSpace("upsample", 2, 4),
    BranchSpace("parsing", 1, 3, monotone=True),
    BranchSpace("fusion", 1, 3, operations=OPERATIONS, least_layers=1),
    BranchSpace("upsample", 1, 4, least_layers=2),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_every_path_has_its_costs_with_every_kind_of_cell_and_its_score(space, beliefs):
    costs, given = BranchCosts(space.start_rate, space.width, 24), beliefs(space, 0)
    columns, many = [Column(0, 1), Column(1, -3)], len(space.operations)
    start = start_label(len(columns) * many, 0.0)
    found = label_paths(space, costs, columns, start, lambda labels: labels, choice_scores(space, given))
    paths = [rates_of(path) for path in found.paths]
    assert sorted(map(tuple, paths)) == sorted(space.paths())
    kinds = cell_kinds(many).counts
    parameters, flops = (cell_costs(part, kinds) for part in np.hsplit(found.costs, 2))
    for row, path in enumerate(paths):
        assert found.values[row] == pytest.approx(path_score(space, given, tuple(path)))
        for column in range(0, len(kinds), 9):
            cell = cell_of_kind(kinds[column].tolist(), space.operations)
            branch = BranchGenotype(start_rate=space.start_rate, width=space.width, path=path, cell=cell)
            assert (parameters[row, column], flops[row, column] // -3) == costs.of(branch)[:2]
