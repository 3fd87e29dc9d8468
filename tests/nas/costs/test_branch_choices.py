from dataclasses import replace

import numpy as np
import pytest
from mfps.genotypes.decode import choice_scores, path_score
from mfps.genotypes.space import EDGES, OPERATIONS, BranchSpace
from mfps.nas.costs.branch_choices import branch_choices
from mfps.nas.costs.branch_costs import BranchCosts
from mfps.nas.costs.trellis_labels import Column

from .architectures import all_branches

COLUMNS = {"few of both": [(0, 1), (1, 1)], "many parameters, few FLOPs": [(0, -1), (1, 2)], "many FLOPs": [(1, -2)]}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize(
    "space",
    [BranchSpace("upsample", 2, 2), BranchSpace("fusion", 1, 2, least_layers=1)],
    ids=str,
)
def test_the_choices_are_the_front_of_all_architectures(space, columns, beliefs):
    space = replace(space, operations=OPERATIONS[:2])
    costs, given = BranchCosts(space.start_rate, space.width, 16), beliefs(space, 1)
    operations = np.log(given.operations)
    path_scores = {path: path_score(space, given, path) for path in space.paths()}

    def rated(branch):
        cell = sum(operations[EDGES.index(edge), space.operations.index(op)] for edge, op in branch.operations.items())
        spent = costs.of(branch)
        score = path_scores[tuple(branch.path)] + cell
        return (round(-score, 9), *(factor * spent[resource] for resource, factor in columns))

    rows = np.unique(np.array([rated(branch) for branch in all_branches(space)]), axis=0)
    front = {tuple(r) for r in rows if not ((rows <= r).all(1) & (rows < r).any(1)).any()}
    scores = choice_scores(space, given)
    found = branch_choices(space, costs, [Column(*column) for column in columns], operations, scores)
    assert {rated(found.architecture(pick)) for (pick,) in found.options.picks.tolist()} == front
    for score, cost, (pick,) in zip(*(array.tolist() for array in found.options), strict=True):
        assert rated(found.architecture(pick)) == pytest.approx((-score, *cost), abs=1e-6)
