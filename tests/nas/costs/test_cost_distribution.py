from collections import Counter

import numpy as np
import pytest
from mfps.genotypes.sampling import count_cells, count_paths
from mfps.genotypes.space import OPERATIONS, BranchSpace
from mfps.nas.costs.branch_costs import BranchCosts
from mfps.nas.costs.cost_distribution import GRID, cost_distribution, median_cost, nearest_architecture
from mfps.nas.costs.trellis_labels import Column

from .architectures import all_branches

SMALL = BranchSpace("upsample", 2, 3, operations=OPERATIONS[:2])


SHORT = BranchSpace("upsample", 2, 3, operations=OPERATIONS[:2], least_layers=1)


def counted(space, resource, factor=1):
    return cost_distribution(space, BranchCosts(space.start_rate, space.width, 16), Column(resource, factor))


def spread_out(distribution):
    return np.repeat(distribution.costs, distribution.counts)


@pytest.mark.parametrize("space", [SMALL, SHORT], ids=["one length", "any length"])
@pytest.mark.parametrize("resource", [0, 1])
def test_every_architecture_is_counted_at_its_cost(resource, space):
    costs = BranchCosts(1, 2, 16)
    expected = Counter(3 * costs.of(branch)[resource] for branch in all_branches(space))
    found = counted(space, resource, 3)
    assert Counter(spread_out(found).tolist()) == expected
    assert (np.diff(found.costs) >= 0).all()
    for position in range(0, len(found.costs), 7):
        assert 3 * costs.of(found.architecture(position))[resource] == found.costs[position]


@pytest.mark.parametrize("least_layers", [None, 2])
def test_deep_branches_are_counted_whole(least_layers):
    """Far too many paths to list."""
    space = BranchSpace("parsing", 1, 12, least_layers=least_layers)
    assert counted(space, 0).counts.sum() == count_paths(space) * count_cells(space)


def test_the_median_of_one_branch_is_exact():
    for resource in (0, 1):
        every = np.sort(spread_out(found := counted(SMALL, resource)))
        median = median_cost([found])
        assert median == every[(len(every) - 1) // 2]
        (nearest,) = nearest_architecture([found], median)
        assert BranchCosts(1, 2, 16).of(nearest)[resource] == median


@pytest.mark.parametrize("resource", [0, 1])
def test_the_median_of_several_branches_is_within_what_the_grid_promises(resource):
    three = [
        counted(BranchSpace(name, 1, layers), resource)
        for name, layers in (("upsample", 2), ("parsing", 1), ("fusion", 1))
    ]
    sums = np.zeros(1)
    counts = np.ones(1)
    for one in three:
        costs, inverse = np.unique(one.costs, return_inverse=True)
        weights = np.bincount(inverse, one.counts)
        sums, inverse = np.unique(np.add.outer(sums, costs), return_inverse=True)
        counts = np.bincount(inverse.ravel(), np.multiply.outer(counts, weights).ravel())
    exact = sums[counts.cumsum().searchsorted(counts.sum() / 2)]
    step = max((sums[-1] - sums[0]) / GRID, 1)
    median = median_cost(three)
    assert abs(median - exact) <= 1.5 * step + 1
    nearest = nearest_architecture(three, median)
    cost = sum(
        BranchCosts(one.space.start_rate, one.space.width, 16).of(branch)[resource]
        for one, branch in zip(three, nearest, strict=True)
    )
    assert abs(cost - median) < 0.01 * (sums[-1] - sums[0])


def test_a_space_of_one_architecture_is_its_own_median():
    one = counted(BranchSpace("upsample", 1, 1, monotone=True, operations=("skip",)), 1)
    lone = [one.__class__(one.space, one.costs[:1], one.counts[:1], one.order[:1], one.paths, one.kinds)] * 2
    assert median_cost(lone) == 2 * one.costs[0]
    assert len(nearest_architecture(lone, 0)) == 2
