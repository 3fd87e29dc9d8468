import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mfps.genotypes.branch_genotype import space_of
from mfps.genotypes.genotype import Branches, Genotype
from mfps.genotypes.sampling import random_branch, random_genotype
from mfps.genotypes.space import OPERATIONS, PRIORS, BranchSpace, search_space
from mfps.inference.compile import compile_genotype
from mfps.inference.cost_report import genotype_costs, usual_config
from mfps.nas.space_costs import SpaceCosts
from mfps.networks.cost import network_cost
from mfps.networks.network_config import NetworkConfig

from .costs.architectures import all_branches

TWO = OPERATIONS[:2]


def space_costs(space, iterations=None, size=16, **how):
    priors = [name for name in space if name in PRIORS]
    return SpaceCosts(space, usual_config(priors, iterations, blocks=1), size, **how)


@pytest.mark.slow
@settings(max_examples=12)
@given(
    st.lists(st.sampled_from(PRIORS), unique=True),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(["none", "input", "lowpass"]),
    st.booleans(),
    st.integers(0, 99),
)
@example(
    ["dictionary", "parsing"], 1, 1, 1, 3, "none", False, 0
)  # one prior is computed in one iteration alone; norms apart
def test_an_architecture_costs_what_its_network_costs(priors, width, layers, deep, iterations, base, attention, seed):
    space = search_space(priors, width=width, layers=layers, fusion_layers=deep)
    channels = dict.fromkeys(priors, 2 + seed % 3)
    config = NetworkConfig(
        iterations=iterations,
        blocks=1 + seed % 2,
        prior_channels=channels,
        attention=attention,
        base=base,
        shared_norms=bool(seed % 3),
    )
    genotype = random_genotype(space, seed)
    expected = network_cost(compile_genotype(genotype, config), 24)
    costs = SpaceCosts(space, config, 24)
    assert costs.of(genotype.present) == expected["total"]
    assert costs.rest == expected["rest"]
    for name, branch in genotype.present.items():
        assert costs.branch(name, branch) == expected[name]
    fixed = dict(list(genotype.present.items())[:1])
    held = SpaceCosts(space | {n: space_of(b, n) for n, b in fixed.items()}, config, 24, fixed)
    assert held.of({n: b for n, b in genotype.present.items() if n not in fixed}) == expected["total"]
    assert held.of(genotype.present) == expected["total"]


def test_it_is_what_genotype_show_counts():
    genotype = random_genotype(search_space(("heatmap",), width=2), 0)
    costs = SpaceCosts(search_space(("heatmap",), width=2), usual_config(["heatmap"]), 128)
    assert costs.of(genotype.present) == genotype_costs(genotype, 128)["total"]


@pytest.mark.parametrize("any_end", [False, True], ids=["one length", "any length"])
@pytest.mark.parametrize("iterations", [1, 2])
def test_least_and_greatest_are_those_of_all_architectures(iterations, any_end):
    """Branches add up, so each is compared with all of its own; among equals the other resource decides."""
    space = search_space(("parsing",), width=2, layers=2, fusion_layers=1, operations=TWO, any_end=any_end)
    costs = space_costs(space, iterations)
    for sign, found in ((1, costs.least), (-1, costs.greatest)):
        for resource, other in (("parameters", "flops"), ("flops", "parameters")):
            landmark = getattr(found, resource)
            assert landmark.cost == costs.of(landmark.branches)
            for name, branch in landmark.branches.items():
                ranks = [
                    (sign * getattr(cost, resource), sign * getattr(cost, other))
                    for cost in (costs.branch(name, every) for every in all_branches(space[name]))
                ]
                cost = costs.branch(name, branch)
                assert (sign * getattr(cost, resource), sign * getattr(cost, other)) == min(ranks)


@pytest.mark.parametrize("any_end", [False, True], ids=["one length", "any length"])
def test_the_median_is_between_as_many_architectures_as_there_are(any_end):
    space = search_space(width=2, layers=3, operations=TWO, any_end=any_end)
    costs = space_costs(space)
    every = [costs.of({"upsample": branch}) for branch in all_branches(space["upsample"])]
    for resource in costs.resources:
        landmark = getattr(costs.median, resource)
        values = sorted(getattr(cost, resource) for cost in every)
        assert getattr(landmark.cost, resource) == values[(len(values) - 1) // 2]
        assert costs.of(landmark.branches) == landmark.cost


@pytest.mark.parametrize("any_end", [False, True], ids=["one length", "any length"])
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, -1)])
def test_the_front_is_that_of_all_architectures(signs, any_end):
    space = search_space(width=1, layers=3, operations=TWO, any_end=any_end)
    costs = space_costs(space)
    every = [costs.of({"upsample": branch}) for branch in all_branches(space["upsample"])]
    rows = np.unique([(signs[0] * cost.flops, signs[1] * cost.parameters) for cost in every], axis=0)
    best = {tuple(row) for row in rows.tolist() if not ((rows <= row).all(1) & (rows < row).any(1)).any()}
    assert {(signs[0] * cost.flops, signs[1] * cost.parameters) for cost in costs.front(*signs)} == best


def test_branches_that_are_held_are_constant():
    space = search_space(("parsing",), width=1, layers=2, fusion_layers=2)
    held = random_branch(space["fusion"], np.random.default_rng(0))
    free, costs = space_costs(space), space_costs(space, fixed={"fusion": held})
    assert list(costs.searched) == ["upsample", "parsing"]
    expected = free.of({**free.least.flops.branches, "fusion": held})
    assert costs.least.flops.cost == expected
    for landmarks in (costs.least, costs.median, costs.greatest):
        for landmark in filter(None, landmarks):
            assert list(landmark.branches) == list(space)
            assert landmark.branches["fusion"] == held
            assert Genotype(schema="mfps.genotype/1", branches=Branches(**landmark.branches))


@pytest.mark.slow
def test_deep_spaces_and_many_architectures_take_no_time():
    """Sixteen layers have 3.5 million paths; generous limits, for busy machines."""
    costs = space_costs(search_space(layers=16), size=128)
    started = time.perf_counter()
    least, median, greatest = costs.least, costs.median, costs.greatest
    assert time.perf_counter() - started < 30
    for resource in ("parameters", "flops"):
        one, two, three = (getattr(getattr(found, resource).cost, resource) for found in (least, median, greatest))
        assert one < two < three
    branches = median.flops.branches
    started = time.perf_counter()
    for _ in range(100):
        costs.of(branches)
    assert (time.perf_counter() - started) / 100 < 0.01


def test_what_cannot_be_counted(refused):
    space = search_space(width=1, layers=2)
    with refused("`size` is 12: the side of a face is a positive multiple of 8"):
        space_costs(space, size=12)
    costs = space_costs(space)
    branch = random_branch(BranchSpace("upsample", 2), np.random.default_rng(0))
    with refused("upsample has width 2, but its costs are counted for width 1"):
        costs.of({"upsample": branch})
    with refused("the architecture has no upsample branch"):
        costs.of({})
    with refused("upsample has 17 layers: the median cost is counted for up to 16"):
        space_costs(search_space(layers=17)).median  # noqa: B018
