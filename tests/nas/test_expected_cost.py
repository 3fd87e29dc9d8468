import numpy as np
import pytest
import torch
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import BRANCHES, BranchSpace, cell_width
from mfps.nas.choices import probabilities_of
from mfps.nas.expected_cost import expected_cost
from mfps.nas.supernet import Supernet, restriction
from mfps.networks.operations import CANDIDATES, Candidate, Convolution
from mfps.networks.path import FixedPath
from torch import nn

pytestmark = pytest.mark.slow


def flops_of(path, x):
    """Of the convolutions that run, each at the size of its output: a network may compute some at a smaller one."""
    flops = []
    for conv in path.modules():
        if isinstance(conv, nn.Conv2d):
            conv.register_forward_hook(lambda conv, _, y: flops.append(2 * conv.weight.numel() * y[0, 0].numel()))
    path(x)
    return sum(flops)


@torch.no_grad()
@pytest.mark.parametrize(("branch", "layers"), [*((branch, 3) for branch in BRANCHES), ("upsample", 1), ("fusion", 2)])
def test_a_genotypes_expected_cost_is_the_cost_of_its_fixed_path(branch, layers):
    space = BranchSpace(branch, 2, layers)
    for seed in range(3):
        genotype = random_branch(space, np.random.default_rng(seed))
        path = FixedPath(genotype).eval().to("meta")
        side = 32 * space.start_rate // 8
        flops = flops_of(path, torch.empty(1, cell_width(2, space.start_rate), side, side, device="meta"))
        expected = expected_cost(space, restriction(genotype), 32)
        assert expected.parameters == sum(parameter.numel() for parameter in path.parameters())
        assert expected.flops == flops


@torch.no_grad()
def test_an_operation_costs_what_its_own_convolutions_do(monkeypatch):
    def build(width):
        depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        return nn.Sequential(depthwise, nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width))

    separable = Candidate(build, (Convolution(3, depthwise=True, norm=False), Convolution(1)))
    monkeypatch.setitem(CANDIDATES, "conv_5x5", separable)
    space = BranchSpace("parsing", 2, 2, operations=("conv_5x5",))
    genotype = random_branch(space, np.random.default_rng(0))
    path = FixedPath(genotype).eval().to("meta")
    flops = flops_of(path, torch.empty(1, 2, 32, 32, device="meta"))
    expected = expected_cost(space, restriction(genotype), 32)
    assert expected.parameters == sum(parameter.numel() for parameter in path.parameters())
    assert expected.flops == flops


@torch.no_grad()
def test_a_supernet_expects_the_mean_over_what_it_would_derive():
    """With sampled choices instead of kept ones (all nine edges), the sum is an expectation: check it by sampling."""
    space = BranchSpace("parsing", 1, 2)
    torch.manual_seed(0)
    supernet = Supernet(space)
    for parameter in supernet.architecture_parameters():
        torch.nn.init.normal_(parameter)
    probabilities = probabilities_of(supernet.choices())
    own = supernet.mixture()
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(600):
        ends = list(probabilities.ends)
        end = ends[rng.choice(len(ends), p=_normal(probabilities.ends.values()))]
        transitions = {}
        rate = end.rate
        for layer in reversed(range(end.layer + 1)):
            into = space.incoming(layer, int(rate))
            chosen = into[rng.choice(len(into), p=_normal(probabilities.transitions[t] for t in into))]
            transitions[chosen] = 1.0
            rate = chosen.source
        mixture = own._replace(transitions=transitions, ends={end: 1.0})
        draws.append(float(expected_cost(space, mixture, 16).flops))
    mean = float(expected_cost(space, own, 16).flops)
    assert np.mean(draws) == pytest.approx(mean, abs=4 * np.std(draws) / np.sqrt(len(draws)))


def test_every_choice_feels_the_cost():
    supernet = Supernet(BranchSpace("upsample", 2, 3))
    expected_cost(supernet.space, supernet.mixture(), 16).flops.backward()
    for parameter in supernet.architecture_parameters():
        assert parameter.grad.abs().sum() > 0


def _normal(weights):
    values = np.array(list(weights), dtype=np.float64)
    return values / values.sum()
