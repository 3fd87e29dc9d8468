from functools import cache
from itertools import product

import numpy as np
import pytest
from mfps.genotypes.backbone import Backbone, BackboneSpace, backbone_space
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.sampling import random_branch, random_genotype, with_fusion_share
from mfps.genotypes.space import OPERATIONS, PRIORS, search_space
from mfps.inference.compile import compile_genotype
from mfps.inference.cost_report import usual_config
from mfps.nas.backbone_costs import MEDIAN_DRAWS, BackboneCosts, space_costs
from mfps.nas.budget import TooManyError
from mfps.nas.costs.branch_costs import added
from mfps.nas.space_costs import SpaceCosts
from mfps.networks.cost import network_cost

from .costs.architectures import all_branches

FEW = BackboneSpace((0, 2), (1,), (0.5, 1.0), (0.25, 1.0))
FEW_FUSED = BackboneSpace((0, 1), (1,), (1.0,), (1.0,), (0.25, 0.75, 1.0))


@cache
def wide(priors=(), iterations=None, backbones=None, **sizes):
    spaces = search_space(priors, any_end=True, operations=sizes.pop("operations", OPERATIONS), **sizes)
    config = usual_config(priors, iterations, blocks=2)
    return spaces, BackboneCosts(spaces, config, 16, backbones or backbone_space(2, bool(priors)))


CASES = [((), 1, 1), ((), 2, 3), (("parsing",), 1, 1), (("heatmap",), 2, 3), (PRIORS, 1, 2)]


@pytest.mark.parametrize(("priors", "width", "iterations"), CASES, ids=str)
def test_an_architecture_costs_what_its_network_costs(priors, width, iterations):
    backbones = BackboneSpace((0, 2), (1, 2), (0.25, 1.0), (0.5, 1.0), (0.75, 1.0) if priors else (None,))
    spaces, costs = wide(priors, iterations, backbones, width=width, layers=3, fusion_layers=2)
    for seed in range(4):
        genotype = random_genotype(spaces, seed, backbones=backbones)
        expected = network_cost(compile_genotype(genotype, costs.config), 16)["total"]
        assert costs.of(genotype.present, genotype.backbone) == expected
    assert costs.at(genotype.backbone).of(genotype.present, genotype.backbone) == expected


def everything(costs, branch="upsample"):
    """The cost of every architecture of a network with one branch."""
    backbones = [
        Backbone(**dict(zip(costs.backbones.choices, row, strict=True)))
        for row in product(*costs.backbones.choices.values())
    ]
    known = costs.at(costs.backbones.whole)
    own = {known.branch(branch, one) for one in all_branches(costs.searched[branch])}
    return [added(rest, cost) for rest in (costs.at(one).rest for one in backbones) for cost in own]


def test_least_greatest_and_front_are_those_of_all_architectures():
    _, costs = wide((), None, FEW, width=2, layers=3, operations=OPERATIONS[1:5:3])
    every = everything(costs)
    for sign, landmarks in ((1, costs.least), (-1, costs.greatest)):
        for resource, other in (("parameters", "flops"), ("flops", "parameters")):
            found = getattr(landmarks, resource)
            ranks = [(sign * getattr(cost, resource), sign * getattr(cost, other)) for cost in every]
            assert (sign * getattr(found.cost, resource), sign * getattr(found.cost, other)) == min(ranks)
            assert costs.of(found.branches, found.backbone) == found.cost
            assert Genotype.of(found.branches, found.backbone)
    for signs in ((1, 1), (1, -1), (-1, 1)):
        rows = np.unique([(signs[0] * cost.flops, signs[1] * cost.parameters) for cost in every], axis=0)
        best = {tuple(row) for row in rows.tolist() if not ((rows <= row).all(1) & (rows < row).any(1)).any()}
        assert {(signs[0] * cost.flops, signs[1] * cost.parameters) for cost in costs.front(*signs)} == best
    smallest = Backbone(**{name: options[0] for name, options in FEW.choices.items()})
    assert costs.constant == costs.at(smallest).rest


@pytest.mark.parametrize("iterations", [1, 2])
def test_the_share_of_the_fusion_branch_is_chosen_with_its_path(iterations):
    """One branch beside the others, which are held: its architectures at each share are all there are."""
    spaces = search_space(("heatmap",), width=1, layers=2, fusion_layers=2, any_end=True, operations=OPERATIONS[:2])
    held = {name: random_branch(spaces[name], np.random.default_rng(0)) for name in ("upsample", "heatmap")}
    costs = BackboneCosts(spaces, usual_config(("heatmap",), iterations, blocks=1), 16, FEW_FUSED, held)
    every = set()
    for row in product(*FEW_FUSED.choices.values()):
        backbone = Backbone(**dict(zip(FEW_FUSED.choices, row, strict=True)))
        known = costs.at(backbone)
        own = {known.branch("fusion", branch) for branch in all_branches(known.searched["fusion"])}
        every |= {added(known.constant, cost) for cost in own}
    assert costs.least.flops.cost == min(every, key=lambda cost: (cost.flops, cost.parameters))
    assert costs.greatest.parameters.cost == max(every)
    rows = np.array([*every])
    best = {tuple(row) for row in rows.tolist() if not ((rows <= row).all(1) & (rows < row).any(1)).any()}
    assert set(costs.front()) == best


def test_the_median_is_that_of_random_architectures():
    spaces, costs = wide((), None, FEW, width=2, layers=3, operations=OPERATIONS[1:5:3])
    drawn = [costs.random(rng) for rng in [np.random.default_rng(0)] * MEDIAN_DRAWS]
    for resource in costs.resources:
        landmark = getattr(costs.median, resource)
        assert getattr(landmark.cost, resource) == np.median([getattr(one.cost, resource) for one in drawn])
        assert costs.landmark(landmark.branches, landmark.backbone) == landmark
        assert spaces["upsample"].is_legal(landmark.branches["upsample"].path)


def test_a_fusion_branch_that_is_held_has_its_own_share(refused):
    spaces = search_space(("heatmap",), width=2, layers=2, fusion_layers=2, any_end=True)
    rng = np.random.default_rng(0)
    half = with_fusion_share(
        {"fusion": random_branch(spaces["fusion"], rng)}, FEW_FUSED.whole.model_copy(update={"fusion": 0.75})
    )
    config = usual_config(("heatmap",), blocks=1)
    costs = BackboneCosts(spaces, config, 16, FEW_FUSED, half)
    assert costs.backbones.fusion == (0.75,)
    drawn = costs.random(rng)
    genotype = Genotype.of(drawn.branches, drawn.backbone)
    assert network_cost(compile_genotype(genotype, config), 16)["total"] == drawn.cost
    odd = {"fusion": half["fusion"].model_copy(update={"width": 5})}
    with refused("the fusion branch that is held has width 5, which is no share of 8"):
        BackboneCosts(spaces, config, 16, FEW_FUSED, odd)


def test_what_cannot_be_counted(refused, monkeypatch):
    spaces, costs = wide((), None, FEW, width=2, layers=3, operations=OPERATIONS[1:5:3])
    branches = costs.least.flops.branches
    with refused("the architecture has no backbone"):
        costs.of(branches)
    with refused("the backbone has encoder_blocks 1, and the supernet's is one of 0, 2: its cost is not that"):
        costs.of(branches, FEW.whole.model_copy(update={"encoder_blocks": 1}))
    single = space_costs(spaces, costs.config, 16)
    assert isinstance(single, SpaceCosts)
    with refused("the architecture has a backbone of its own"):
        single.of(branches, FEW.whole)
    monkeypatch.setattr("mfps.nas.costs.best_combination.MOST_COMBINATIONS", 1)
    with pytest.raises(TooManyError):
        costs.front()
