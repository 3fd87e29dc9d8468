import math
import time
from collections import Counter
from functools import cache

import numpy as np
import pytest
from mfps.genotypes.backbone import backbone_space
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.membership import departure_from
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import OPERATIONS, PRIORS, BranchSpace, search_space
from mfps.inference.cost_report import usual_config
from mfps.nas.backbone_costs import space_costs
from mfps.nas.even_draws import _draw, even_architecture
from scipy.stats import chisquare


@cache
def wide(priors=(), held=(), **sizes):
    """Spaces, backbones, held branches and costs of a wide space."""
    spaces = search_space(priors, operations=OPERATIONS, any_end=True, **sizes)
    backbones = backbone_space(3, bool(priors))
    fixed = {name: random_branch(spaces[name], np.random.default_rng(0)) for name in held}
    return spaces, backbones, fixed, space_costs(spaces, usual_config(priors), 128, fixed, backbones)


@pytest.mark.parametrize("priors", [(), ("heatmap",), PRIORS], ids=len)
def test_costs_are_drawn_evenly_on_a_logarithmic_scale(priors):
    spaces, backbones, fixed, costs = wide(priors)
    rng = np.random.default_rng(1)
    draws = [costs.of(*even_architecture(spaces, backbones, fixed, costs, rng)).flops for _ in range(240)]
    ends = np.log([costs.least.flops.cost.flops - 1, costs.greatest.flops.cost.flops + 1])
    bins = np.histogram(np.log(draws), np.linspace(*ends, 9))[0]
    assert bins.sum() == len(draws)
    assert all(15 <= count <= 60 for count in bins[1:-1]), bins


@pytest.mark.parametrize("held", [(), ("heatmap",), ("fusion",)], ids=str)
def test_what_is_drawn_is_of_the_space_and_near_what_was_asked_for(held):
    spaces, backbones, fixed, costs = wide(("heatmap",), held, width=2, layers=3, fusion_layers=2)
    low, high = (
        math.exp(np.quantile(np.log([costs.least.flops.cost.flops, costs.greatest.flops.cost.flops]), q))
        for q in (0.4, 0.5)
    )
    rng, again = np.random.default_rng(2), np.random.default_rng(2)
    seen = set()
    for _ in range(8):
        branches, backbone = even_architecture(spaces, costs.backbones, fixed, costs, rng, low, high)
        assert (branches, backbone) == even_architecture(spaces, costs.backbones, fixed, costs, again, low, high)
        genotype = Genotype.of(branches, backbone)
        seen.add(genotype.hash)
        assert 0.9 * low < costs.of(genotype.present, backbone).flops < 1.1 * high
        assert not backbones.departure(backbone)
        assert all(branches[name] == fixed[name] for name in held)
        for name in set(spaces) - {"fusion", *held}:
            assert spaces[name].is_legal(branches[name].path)
            assert set(branches[name].operations.values()) <= set(OPERATIONS)
    assert len(seen) == 8


def test_one_backbone_needs_no_choice():
    spaces = search_space(width=2, layers=3)
    costs = space_costs(spaces, usual_config([]), 16)
    branches, backbone = even_architecture(spaces, None, {}, costs, np.random.default_rng(0))
    assert backbone is None
    assert not departure_from(spaces["upsample"], branches["upsample"])


@pytest.mark.parametrize(
    "space", [BranchSpace("upsample", 1, 4, least_layers=2), BranchSpace("upsample", 1, 4, monotone=True)], ids=str
)
def test_paths_are_uniform_among_those_of_a_length(space):
    drawn = _draw(space, np.random.default_rng(3), 6000)
    paths = Counter(tuple(drawn.branch(space, row, 0).path) for row in range(6000))
    lengths = Counter(map(len, space.paths()))
    expected = {path: 6000 / len(lengths) / lengths[len(path)] for path in space.paths()}
    assert set(paths) <= set(expected)
    assert chisquare([paths[path] for path in expected], list(expected.values())).pvalue > 0.001


def test_cells_are_uniform():
    space = BranchSpace("upsample", 1, 1, operations=OPERATIONS[:1])
    drawn = _draw(space, np.random.default_rng(4), 4000)
    wirings = Counter(map(tuple, drawn.edges.tolist()))
    assert len(wirings) == 18
    assert chisquare(list(wirings.values())).pvalue > 0.001


@pytest.mark.slow
def test_a_draw_takes_little_time():
    """About a millisecond; a generous limit, for busy machines."""
    spaces, backbones, fixed, costs = wide()
    rng = np.random.default_rng(0)
    even_architecture(spaces, backbones, fixed, costs, rng)
    started = time.process_time()
    for _ in range(50):
        even_architecture(spaces, backbones, fixed, costs, rng)
    assert (time.process_time() - started) / 50 < 0.01
