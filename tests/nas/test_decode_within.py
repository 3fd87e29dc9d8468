import math

import numpy as np
import pytest
from mfps.genotypes.decode import BranchProbabilities, decode_branch, path_score
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import EDGES, OPERATIONS, PRIORS, PUBLISHED_OPERATIONS, search_space
from mfps.inference.cost_report import usual_config
from mfps.nas.budget import Budget
from mfps.nas.decode_within import decode_within
from mfps.nas.space_costs import SpaceCosts

from .costs.architectures import all_branches

SMALL = search_space(("parsing",), width=1, layers=2, fusion_layers=1, operations=OPERATIONS[1:3])


def costs_of(space, fixed=None):
    return SpaceCosts(space, usual_config([name for name in space if name in PRIORS]), 16, fixed)


def worth(space, given, branches):
    """Path scores and logarithms of the kept operations' probabilities, of all searched branches."""
    total = 0.0
    for name, probabilities in given.items():
        branch = branches[name]
        total += path_score(space[name], probabilities, tuple(branch.path))
        for edge, op in branch.operations.items():
            total += math.log(probabilities.operations[EDGES.index(edge), space[name].operations.index(op)])
    return total


class Everything:
    """Worth and cost of each architecture of two branches, the third being held."""

    def __init__(self, seed, beliefs):
        self.fixed = {"fusion": random_branch(SMALL["fusion"], np.random.default_rng(seed))}
        self.costs = costs_of(SMALL, self.fixed)
        self.given = {name: beliefs(SMALL[name], seed + i) for i, name in enumerate(("upsample", "parsing"))}
        rated = []
        for name, probabilities in self.given.items():
            best = {}  # of architectures that cost the same, the best
            for branch in all_branches(SMALL[name]):
                score, cost = worth(SMALL, {name: probabilities}, {name: branch}), self.costs.branch(name, branch)
                best[cost] = max(best.get(cost, -math.inf), score)
            rated.append((np.array(list(best)), np.array(list(best.values()))))
        (a, one), (b, two) = rated
        self.spent = ((a[:, None] + b[None]).reshape(-1, 3) + np.array(self.costs.constant))[:, :2]
        self.worth = np.add.outer(one, two).ravel()

    def best_within(self, budget):
        parameters, flops = self.spent.T
        fits = (budget.min_flops <= flops) & (flops <= budget.max_flops)
        fits &= (budget.min_parameters <= parameters) & (parameters <= budget.max_parameters)
        return self.worth[fits].max() if fits.any() else None


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_best_of_all_architectures_within_the_budget(seed, beliefs, refused):
    every = Everything(seed, beliefs)
    rng = np.random.default_rng(seed)
    low, high = every.spent.min(0), every.spent.max(0)
    limited = refusals = 0
    for _ in range(30):
        first, second = (low + (high - low) * rng.random((2, 2)) ** 2).tolist()
        limits = {
            "max_parameters": first[0],
            "max_flops": first[1],
            "min_parameters": second[0],
            "min_flops": second[1],
        }
        budget = Budget(**{name: limit for name, limit in limits.items() if rng.random() < 0.6})
        expected = every.best_within(budget)
        if expected is None:
            refusals += 1
            with refused("no architecture of this space has at "):
                decode_within(SMALL, every.given, every.fixed, every.costs, budget)
            continue
        found = decode_within(SMALL, every.given, every.fixed, every.costs, budget)
        assert list(found) == list(SMALL)
        assert budget.admits(every.costs.of(found))
        assert found["fusion"] == every.fixed["fusion"]
        assert worth(SMALL, every.given, found) == pytest.approx(expected, abs=1e-9)
        limited += expected < every.worth.max() - 1e-9
    assert limited > 3
    assert refusals > 1


@pytest.mark.parametrize("priors", [(), ("heatmap",), PRIORS], ids=len)
def test_without_a_limit_that_binds_every_branch_is_decoded_alone(priors, beliefs):
    space = search_space(priors, width=1)
    costs = costs_of(space)
    given = {name: beliefs(branch, 7) for name, branch in space.items()}
    alone = {name: decode_branch(branch, given[name]).genotype for name, branch in space.items()}
    cost = costs.of(alone)
    for budget in (
        Budget(),
        Budget(max_flops=cost.flops, max_parameters=cost.parameters),
        Budget(min_parameters=cost.parameters),
    ):
        assert decode_within(space, given, {}, costs, budget) == alone


def test_ties_are_broken_as_without_a_budget_then_by_cost():
    space = search_space(width=1, layers=3)
    costs, branch = costs_of(space), space["upsample"]
    transitions = {t: 1 / len(branch.incoming(t.layer, t.target)) for t in branch.transitions}
    ends = {end: 1 / len(branch.ends) for end in branch.ends}
    even = BranchProbabilities(
        np.full((9, len(PUBLISHED_OPERATIONS)), 1 / len(PUBLISHED_OPERATIONS)), transitions, ends
    )
    free = decode_within(space, {"upsample": even}, {}, costs, Budget())
    assert free["upsample"] == decode_branch(branch, even).genotype
    below = costs.of(free).parameters - 1
    found = decode_within(space, {"upsample": even}, {}, costs, Budget(max_parameters=below))
    assert costs.of(found).parameters == costs.least.parameters.cost.parameters


def test_the_least_that_the_space_can_do_is_decoded_even_where_nothing_is_believed_in(beliefs):
    """Probabilities of zero are avoided, and taken where the budget leaves nothing else."""
    space = search_space(("parsing",), width=1, layers=3, fusion_layers=2)
    costs = costs_of(space)
    given = {name: beliefs(branch, 3) for name, branch in space.items()}
    for probabilities in given.values():
        probabilities.operations[:, 0] = 0  # skips, of which the cheapest architecture is made
    for resource in ("flops", "parameters"):
        least = getattr(getattr(costs.least, resource).cost, resource)
        found = decode_within(space, given, {}, costs, Budget(**{f"max_{resource}": least}))
        assert getattr(costs.of(found), resource) == least


@pytest.mark.slow
def test_five_branches_under_two_limits(beliefs):
    """What it finds is within the budget, and giving more room never makes it worse."""
    space = search_space(PRIORS, width=2)
    costs = costs_of(space)
    given = {name: beliefs(branch, i) for i, (name, branch) in enumerate(space.items())}
    flops, parameters = costs.median.flops.cost.flops, costs.median.parameters.cost.parameters
    best = -math.inf
    for share in (0.85, 0.9, 0.95):
        budget = Budget(max_flops=share * flops, max_parameters=share * parameters)
        found = decode_within(space, given, {}, costs, budget)
        assert budget.admits(costs.of(found))
        assert worth(space, given, found) >= best
        best = worth(space, given, found)
