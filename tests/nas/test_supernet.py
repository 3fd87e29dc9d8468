import math

import numpy as np
import pytest
import torch
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import BRANCHES, EDGES, OPERATIONS, BranchSpace
from mfps.nas.choices import probabilities_of
from mfps.nas.supernet import INITIAL_SCALE, Supernet, restriction
from mfps.networks.path import FixedPath
from torch import nn

MIXINGS = ("input", "output")
SPACES = [BranchSpace(branch, 1, 3) for branch in BRANCHES]
SPACES += [BranchSpace(branch, 2, layers) for branch in ("upsample", "fusion") for layers in (1, 2)]
SPACES += [BranchSpace(branch, 1, 4, monotone=True) for branch in ("upsample", "heatmap")]
SPACES += [BranchSpace("parsing", 1, 6, operations=("conv_3x3", "skip"))]
FEW = [SPACES[0], SPACES[4], *SPACES[-3:-1]]
"""An ordinary and a monotone space from either start."""


@pytest.fixture(scope="module")
def supernet_of(randomised):
    """`supernet_of(space, mixing)`: building one takes longer than running it, so each is built once for the module."""
    built = {}

    def make(space, mixing="input"):
        if space not in built:
            torch.manual_seed(0)
            built[space] = randomised(Supernet(space))
        built[space].mixing = mixing
        return built[space]

    return make


def named(space):
    return f"{space.name}{'-monotone' * space.monotone}-{space.layers}"


def sliced(supernet, branch):
    """The fixed path of a genotype with its supernet's weights."""
    path = FixedPath(branch)
    state = supernet.state_dict()
    path.load_state_dict({name: state[name] for name in path.state_dict()})
    return path.eval()


@torch.no_grad()
@pytest.mark.parametrize("mixing", MIXINGS)
@pytest.mark.parametrize("space", SPACES, ids=named)
def test_the_law(space, mixing, entry, supernet_of, undecided, difference):
    """A supernet restricted to a genotype is the network compiled from it with the supernet's weights."""
    supernet = undecided(supernet_of(space, mixing))
    x = entry(space)
    for seed in range(4):
        branch = random_branch(space, np.random.default_rng(seed))
        assert difference(supernet(x, restriction(branch)), sliced(supernet, branch)(x)) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("mixing", MIXINGS)
@pytest.mark.parametrize("space", FEW, ids=named)
def test_one_hot_choices_are_a_restriction(space, mixing, entry, supernet_of, decided, difference):
    """With all nine edges, since a softmax drops none: only the path has to be the genotype's."""
    supernet = supernet_of(space, mixing)
    x = entry(space)
    for seed in range(3):
        branch = random_branch(space, np.random.default_rng(seed))
        choices = restriction(branch)
        every_edge = {edge: {branch.operations.get(edge, space.operations[0]): 1.0} for edge in EDGES}
        restricted = supernet(x, choices._replace(operations=every_edge))
        assert difference(decided(supernet, branch)(x), restricted) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("space", FEW, ids=named)
def test_both_mixings_agree_where_all_is_decided(space, entry, supernet_of, decided, difference):
    branch = random_branch(space, np.random.default_rng(1))
    x = entry(space)
    by_input, by_output = (decided(supernet_of(space, mixing), branch)(x) for mixing in MIXINGS)
    assert difference(by_input, by_output) < 1e-5


@torch.no_grad()
def test_the_mixings_differ_where_nothing_is_decided(entry, supernet_of, undecided, difference):
    """In one of four draws at least: with other operations any single one may happen to make them alike."""
    x = entry(SPACES[1])
    differences = []
    for _ in range(4):
        undecided(supernet_of(SPACES[1]))
        differences.append(difference(*(supernet_of(SPACES[1], mixing)(x) for mixing in MIXINGS)))
    assert max(differences) > 1e-3


class Constant(nn.Module):
    """A projection that returns a constant."""

    def __init__(self, value, width):
        super().__init__()
        self.value, self.width = value, width

    def forward(self, x, size, _width=None):
        return torch.full((x.shape[0], self.width, *size), float(self.value))


def cell_inputs(supernet, x, s0, s1):
    """Each cell's inputs, by (layer, rate), if projections return `s0(source)` and `s1(source)`."""
    seen = {}
    for projections, value in ((supernet.s0, s0), (supernet.s1, s1)):
        for name in projections:
            _, rate, _, source = name.split("_")
            width = supernet.space.width * 8 // int(rate[1:])
            projections[name] = Constant(value(int(source[1:])), width)
    for name, cell in supernet.cells.items():
        layer, rate = (int(part[1:]) for part in name.split("_"))
        cell.register_forward_pre_hook(lambda _, a, k=(layer, rate): seen.setdefault(k, []).append(a[:2]))
    supernet(x)
    return seen


@torch.no_grad()
@pytest.mark.parametrize("mixing", MIXINGS)
@pytest.mark.parametrize("space", FEW, ids=named)
def test_the_weights_of_a_cells_inputs_sum_to_one(space, mixing, entry, undecided):
    supernet = undecided(Supernet(space, mixing)).eval()
    seen = cell_inputs(supernet, entry(space), lambda _: 1.0, lambda _: 1.0)
    assert set(seen) == {(layer, rate) for layer, rates in enumerate(space.rates) for rate in rates}
    for calls in seen.values():
        for inputs in calls:
            # In `output` mixing s1 is a single source; in both, s0 is a mixture.
            assert all(torch.allclose(x, torch.ones_like(x), atol=1e-5) for x in inputs)


@torch.no_grad()
@pytest.mark.parametrize("space", [*FEW, SPACES[-1]], ids=named)
def test_inputs_are_means_over_the_last_two_steps(space, entry, undecided):
    """s1 is weighted by the last step's probability, s0 by that of the last two together."""
    supernet = undecided(Supernet(space)).eval()
    p = probabilities_of(supernet.choices()).transitions
    seen = cell_inputs(supernet, entry(space), lambda source: source, lambda source: source)
    for (layer, rate), ((s0, s1),) in seen.items():
        into = space.incoming(layer, rate)
        mean_s1 = sum(p[t] * t.source for t in into)
        mean_s0 = sum(
            p[t] * (sum(p[b] * b.source for b in space.incoming(layer - 1, t.source)) if layer else space.start_rate)
            for t in into
        )
        assert torch.allclose(s1, torch.full_like(s1, mean_s1), rtol=1e-4)
        assert torch.allclose(s0, torch.full_like(s0, mean_s0), rtol=1e-4)


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_parameters_exist_where_there_is_a_choice(space, supernet_of):
    supernet = supernet_of(space)
    alternatives = sum(len(space.incoming(t.layer, t.target)) > 1 for t in space.transitions)
    assert supernet.alphas.shape == (len(EDGES), len(space.operations))
    assert (0 if supernet.betas is None else len(supernet.betas)) == alternatives
    assert (1 if supernet.gammas is None else len(supernet.gammas)) == len(space.ends)
    named = dict(supernet.named_parameters())
    assert list(supernet.architecture_parameters()) == [
        named[name] for name in ("alphas", "betas", "gammas") if name in named
    ]


def test_no_parameter_where_there_is_no_choice():
    single = Supernet(BranchSpace("parsing", 1, 1, operations=("conv_3x3",)))
    assert single.alphas is None
    assert single.betas is None
    assert len(single.gammas) == 2
    assert all(weights == {"conv_3x3": 1.0} for weights in single.mixture().operations.values())
    assert set(single.mixture().transitions.values()) == {1.0}
    assert Supernet(BranchSpace("upsample", 1, 6)).betas.shape == (
        41,
    )  # 45 transitions, 4 of them without an alternative


@pytest.mark.parametrize("space", FEW, ids=named)
def test_every_choice_begins_close_to_even(space):
    probabilities = probabilities_of(Supernet(space).choices())
    assert np.allclose(probabilities.operations, 1 / len(space.operations), atol=10 * INITIAL_SCALE)
    for transition, p in probabilities.transitions.items():
        alternatives = len(space.incoming(transition.layer, transition.target))
        assert p == pytest.approx(1 / alternatives, abs=10 * INITIAL_SCALE)
    assert math.isclose(sum(probabilities.ends.values()), 1, rel_tol=1e-6)


@pytest.mark.parametrize("mixing", MIXINGS)
@pytest.mark.parametrize(
    "space",
    [BranchSpace("upsample", 2, 3), BranchSpace("fusion", 2, 2), BranchSpace("upsample", 2, 3, monotone=True)],
    ids=named,
)
def test_every_weight_and_every_choice_learns(space, mixing, entry):
    supernet = Supernet(space, mixing)
    output = supernet(entry(space, batch=2))
    (output * torch.randn_like(output)).sum().backward()
    dead = [name for name, p in supernet.named_parameters() if p.grad is None or p.grad.abs().sum() == 0]
    assert not dead
    for parameter in supernet.architecture_parameters():
        assert bool((parameter.grad != 0).all())


@torch.no_grad()
@pytest.mark.parametrize("space", SPACES, ids=named)
def test_a_restriction_runs_the_genotypes_modules_alone(space, entry, supernet_of):
    supernet = supernet_of(space)
    branch = random_branch(space, np.random.default_rng(2))
    ran = set()
    handles = [
        module.register_forward_pre_hook(lambda *_, name=name: ran.add(name))
        for name, module in supernet.named_modules()
        if isinstance(module, nn.Conv2d)
    ]
    supernet(entry(space), restriction(branch))
    for handle in handles:
        handle.remove()
    path = {name for name, module in FixedPath(branch).named_modules() if isinstance(module, nn.Conv2d)}
    assert ran == path


@torch.no_grad()
def test_ends_without_weight_are_not_run_nor_what_leads_only_there(supernet_of):
    space = BranchSpace("upsample", 1, 3)
    supernet = supernet_of(space)
    mixture = supernet.mixture()
    one_end = mixture._replace(ends={rate: float(rate == space.ends[0]) for rate in space.ends})
    ran = []
    handles = [
        module.register_forward_hook(lambda *_, name=name: ran.append(name)) for name, module in supernet.cells.items()
    ]
    supernet(torch.randn(1, 8, 2, 2), one_end)
    for handle in handles:
        handle.remove()
    assert [name for name in ran if name.startswith("l2_")] == [f"l2_r{space.ends[0].rate}"]


def test_candidates_are_the_spaces_operations():
    supernet = Supernet(BranchSpace("heatmap", 1, 2, operations=OPERATIONS[1:3]))
    assert {name for cell in supernet.cells.values() for edge in cell.edges.values() for name in edge} == {
        "conv_3x3",
        "conv_5x5",
    }
