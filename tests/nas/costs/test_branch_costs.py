import numpy as np
import pytest
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import BRANCHES, BranchSpace
from mfps.nas.costs.branch_costs import BranchCosts, added
from mfps.nas.expected_cost import expected_cost
from mfps.nas.supernet import restriction
from mfps.networks.cost import Cost


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("layers", [1, 2, 5])
def test_a_path_costs_what_its_mixture_is_expected_to_cost(branch, layers):
    """Which is the cost of its network (`test_expected_cost`); here in whole numbers."""
    space = BranchSpace(branch, 3, layers)
    costs = BranchCosts(space.start_rate, 3, 40)
    for seed in range(5):
        genotype = random_branch(space, np.random.default_rng(seed))
        found = costs.of(genotype)
        assert found[:2] == tuple(expected_cost(space, restriction(genotype), 40))
        assert all(type(number) is int for number in found)


def test_costs_are_added():
    assert added() == Cost(0, 0)
    assert added(Cost(1, 2), Cost(3, 4), Cost(5, 6)) == Cost(9, 12)
