"""What a study's arms train that no search has to find."""

import math
from itertools import pairwise

import pytest
from mfps.errors import MfpsError
from mfps.genotypes.hand_made import HandMade
from mfps.nas.config import SearchConfig
from mfps.study.architectures import Space, architectures, bins_of, network_flops, random_genotypes
from mfps.study.arms import RandomArm
from mfps.study.plan import read_plan
from mfps.study.recipe import read_recipe

SMALL = {"data": ".", "out": ".", "width": 2, "layers": 3, "blocks": 2, "size": 16, "strategy": "single-path"}


@pytest.fixture(scope="module", params=["wide", "published"])
def space(request):
    return Space(SearchConfig(**SMALL, space=request.param), {})


def flops(space, genotype):
    return space.costs.of(genotype.present, genotype.backbone).flops


@pytest.mark.parametrize("count", [1, 2, 5])
def test_ranges_of_cost_are_even_and_none_is_left_out(space, count):
    bins = bins_of(space, count)
    assert bins[0].min_flops == space.costs.least.flops.cost.flops
    assert bins[-1].max_flops == space.costs.greatest.flops.cost.flops
    for one, after in pairwise(bins):
        assert after.min_flops == one.max_flops + 1
    widths = [math.log(one.max_flops / one.min_flops) for one in bins]
    assert max(widths) - min(widths) < 1e-4


def test_draws_lie_in_their_range_differ_and_stay_where_more_are_drawn(space):
    arm = RandomArm(kind="random", bins=2, per_bin=2, draw_seed=3)
    few, more = dict(random_genotypes(arm, space)), dict(random_genotypes(arm.model_copy(update={"per_bin": 4}), space))
    assert set(more) == {f"bin{number}-{drawn}" for number in range(2) for drawn in range(4)}
    assert len({genotype.hash for genotype in more.values()}) == len(more)
    assert all(more[label] == genotype for label, genotype in few.items())
    bins = bins_of(space, 2)
    for label, genotype in more.items():
        budget = bins[int(label[3])]
        assert budget.min_flops <= flops(space, genotype) <= budget.max_flops
        assert space.holds(genotype)
    others = dict(random_genotypes(arm.model_copy(update={"draw_seed": 4}), space))
    assert {genotype.hash for genotype in others.values()} != {genotype.hash for genotype in few.values()}


def test_a_range_with_too_few_architectures_is_refused(monkeypatch):
    monkeypatch.setattr("mfps.study.architectures.MOST_EQUAL", 5)
    one = Space(SearchConfig(**{**SMALL, "layers": 1, "operations": ("skip",)}, space="published"), {})
    with pytest.raises(MfpsError, match=r"different architectures were found between .* lower `per_bin`"):
        list(random_genotypes(RandomArm(kind="random", bins=1, per_bin=1000), one))


def test_the_arms_of_a_plan(plan_file):
    arms = {
        "nafnet": "kind: hand-made, network: nafnet, like: dearest",
        "cheapest": "kind: cheapest",
        "dearest": "kind: dearest",
        "random": "kind: random, bins: 2",
    }
    file = plan_file(arms)
    plan = read_plan(file)
    recipe = read_recipe(plan, file)
    found = architectures(plan, recipe, dict.fromkeys(arms, recipe), file)
    assert list(found) == list(arms)
    cost = {name: [network_flops(one.genotype, recipe) for one in found[name]] for name in list(arms)[1:]}
    assert cost["cheapest"][0] <= min(cost["random"]) < max(cost["random"]) <= cost["dearest"][0]
    (nafnet,) = found["nafnet"]
    assert isinstance(nafnet.genotype, HandMade)
    assert not nafnet.in_space
    assert all(one.in_space for name in list(arms)[1:] for one in found[name])


def test_an_arm_that_cannot_be_used_is_named(plan_file):
    file = plan_file({"known": "kind: genotype, genotype: mfpsnet"})
    plan = read_plan(file)
    recipe = read_recipe(plan, file)
    with pytest.raises(MfpsError, match=r"arms\.known: mfpsnet takes the priors parsing, heatmap, dictionary"):
        architectures(plan, recipe, {"known": recipe}, file)
