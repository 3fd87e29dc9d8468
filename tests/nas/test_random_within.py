from collections import Counter

import numpy as np
import pytest
from mfps.genotypes.backbone import backbone_space
from mfps.genotypes.genotype import Branches, Genotype
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import OPERATIONS, PRIORS, search_space
from mfps.inference.cost_report import usual_config
from mfps.nas.backbone_costs import space_costs
from mfps.nas.budget import Budget, resolve_budget
from mfps.nas.costs.branch_costs import added
from mfps.nas.random_within import random_within
from mfps.nas.space_costs import SpaceCosts
from mfps.networks.cost import Cost
from scipy.stats import chisquare

from .costs.architectures import all_branches
from .made_up_times import made_up_times


def costs_of(space, size=16, fixed=None):
    return SpaceCosts(space, usual_config([n for n in space if n in PRIORS], blocks=1), size, fixed)


def quantile(weights, resource, share):
    """The cost that a share of weighted costs does not exceed."""
    below = 0
    for cost, weight in sorted(weights.items(), key=lambda item: item[0][resource]):
        below += weight
        if below >= share * weights.total():
            return cost[resource]


def as_likely(found, expected, draws):
    """Whether counts fit frequencies, rare ones together."""
    often = {key for key, share in expected.items() if share * draws >= 5}
    seen = [found[key] for key in often] + [sum(n for key, n in found.items() if key not in often)]
    wanted = [expected[key] * draws for key in often]
    wanted.append(draws - sum(wanted))
    if wanted[-1] < 1e-6:
        assert seen.pop() == 0
        wanted.pop()
    return chisquare(seen, wanted).pvalue > 0.001


@pytest.mark.slow
@pytest.mark.parametrize(("both", "any_end"), [(False, True), (True, False)], ids=["one limit", "two limits"])
def test_every_architecture_within_the_budget_is_as_likely(both, any_end):
    space = search_space(width=1, layers=4, operations=OPERATIONS[:1], any_end=any_end)
    costs = costs_of(space)
    every = list(all_branches(space["upsample"]))
    spent = np.array([costs.of({"upsample": branch}) for branch in every])
    low, high = np.quantile(spent, [0.2, 0.7], axis=0).tolist()
    budget = Budget(max_parameters=high[0], **({"min_parameters": low[0], "max_flops": high[1]} if both else {}))
    within = [b for b, cost in zip(every, spent.tolist(), strict=True) if budget.admits(Cost(*cost))]
    assert 50 < len(within) < len(every)
    draws = 500
    drawn = [random_within(costs, budget, seed)[0]["upsample"] for seed in range(draws)]
    found = Counter((tuple(branch.path), tuple(branch.operations)) for branch in drawn)
    expected = {(tuple(branch.path), tuple(branch.operations)): 1 / len(within) for branch in within}
    # 18 wirings of each path: paths alone are often enough to be compared one by one.
    assert set(found) <= set(expected)
    for part in (0, 1):
        paths, shares = Counter(), Counter()
        for key, count in found.items():
            paths[key[part]] += count
        for key, share in expected.items():
            shares[key[part]] += share
        assert as_likely(paths, shares, draws)


@pytest.mark.slow
@pytest.mark.parametrize("both", [False, True], ids=["one limit", "two limits"])
def test_several_branches_are_drawn_together(both):
    """Costs come as often as there are architectures that have them."""
    space = search_space(("parsing",), width=1, layers=2, fusion_layers=1, operations=OPERATIONS[:2])
    held = {"fusion": random_branch(space["fusion"], np.random.default_rng(0))}
    costs = costs_of(space, fixed=held)
    ones = {n: Counter(costs.branch(n, b) for b in all_branches(space[n])) for n in costs.searched}
    weights = Counter()
    for a, n in ones["upsample"].items():
        for b, m in ones["parsing"].items():
            weights[added(a, b, costs.constant)] += n * m
    limits = {"max_parameters": quantile(weights, 0, 0.6)} if both else {}
    budget = Budget(max_flops=quantile(weights, 1, 0.03), **limits)
    within = {cost: n for cost, n in weights.items() if budget.admits(cost)}
    assert 0.001 < sum(within.values()) / weights.total() < 0.1
    draws = 250
    found = Counter(costs.of(*random_within(costs, budget, seed)) for seed in range(draws))
    assert set(found) <= set(within)
    assert as_likely(found, {cost: n / sum(within.values()) for cost, n in within.items()}, draws)


@pytest.mark.parametrize("priors", [(), ("heatmap",)], ids=len)
def test_the_ends_of_a_space_are_reached(priors):
    """Drawing from the whole space would not find what hardly any of it is."""
    space = search_space(priors, width=2)
    costs = costs_of(space, 64)
    least, greatest = (found.flops.cost.flops for found in (costs.least, costs.greatest))
    edge = (greatest - least) * 0.01
    for budget in (Budget(max_flops=least + edge), Budget(min_flops=greatest - edge)):
        branches, backbone = random_within(costs, budget, 1)
        assert backbone is None
        assert budget.admits(costs.of(branches))
        assert Genotype(schema="mfps.genotype/1", branches=Branches(**branches)).present == branches
        assert random_within(costs, budget, 1)[0] == branches != random_within(costs, budget, 2)[0]


def test_limits_of_several_kinds_hold_together():
    costs = costs_of(search_space(("parsing",), width=1, layers=4, fusion_layers=4), 32)
    budget = resolve_budget(costs, max_gflops="95%", min_gflops="90%", max_parameters="90%", min_parameters="60%")
    for seed in range(5):
        assert budget.admits(costs.of(*random_within(costs, budget, seed)))


def test_where_the_backbone_is_chosen_draws_are_even_over_the_costs_that_are_left():
    spaces = search_space(width=2, layers=4, operations=OPERATIONS, any_end=True)
    costs = space_costs(spaces, usual_config([], blocks=1), 16, backbones=backbone_space(1, False))
    budget = resolve_budget(costs, max_gflops="100%", min_gflops="35%", max_parameters="100%")
    drawn = [random_within(costs, budget, seed) for seed in range(60)]
    assert random_within(costs, budget, 0) == drawn[0]
    found = [costs.of(*one) for one in drawn]
    assert all(map(budget.admits, found))
    assert all(Genotype.of(*one) for one in drawn)
    below = sum(cost.flops**2 < budget.min_flops * budget.max_flops for cost in found)
    assert 15 <= below <= 45
    whole = [costs.of(*random_within(costs, Budget(), seed)).flops for seed in range(60)]
    least, greatest = (one.flops.cost.flops for one in (costs.least, costs.greatest))
    assert 15 <= sum(flops**2 < least * greatest for flops in whole) <= 45


def test_what_cannot_be_drawn(refused, monkeypatch):
    monkeypatch.setattr("mfps.nas.random_within.MOST_DRAWS", 100)
    costs = costs_of(search_space(width=1, layers=2))
    with refused("seed is -1: a seed must not be negative"):
        random_within(costs, Budget(), -1)
    cost = costs.least.flops.cost.flops
    with refused(r"no architecture with at least [\d.]+ GFLOPs and at most [\d.]+ GFLOPs was found .* widen them"):
        random_within(costs, Budget(min_flops=cost + 1, max_flops=cost + 2), 0)
    monkeypatch.setattr("mfps.nas.random_within.MOST_EVEN_DRAWS", 3)
    wide = space_costs(
        search_space(width=1, layers=2), usual_config([], blocks=1), 16, backbones=backbone_space(1, False)
    )
    with refused("no architecture with at most 0 parameters was found in 3 draws near these costs: .* widen them"):
        random_within(wide, Budget(max_parameters=0.1), 0)
    with refused("upsample has 13 layers: architectures within a budget are drawn from spaces of up to 12"):
        random_within(costs_of(search_space(width=1, layers=13)), Budget(), 0)


@pytest.mark.parametrize("backbones", [None, backbone_space(2, with_priors=True)], ids=["published", "wide"])
def test_a_limit_on_time_is_kept(backbones):
    spaces = search_space(("parsing",), width=1, layers=2, fusion_layers=2, any_end=backbones is not None)
    config = usual_config(("parsing",), blocks=2)
    costs = space_costs(spaces, config, 16, backbones=backbones, times=made_up_times(spaces, config, backbones))
    least, middle = (one.nanoseconds.cost.nanoseconds for one in (costs.least, costs.median))
    for share in (0.2, 0.6):
        budget = Budget(max_nanoseconds=least + share * (middle - least))
        found = [costs.of(*random_within(costs, budget, seed)) for seed in range(6)]
        assert all(budget.admits(cost) for cost in found)
        assert len({cost.nanoseconds for cost in found}) > 1
