import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.genotypes.branch_genotype import BranchGenotype
from mfps.genotypes.sampling import random_branch, random_cell
from mfps.genotypes.space import BRANCHES, RATES, BranchSpace, cell_channels, cell_width
from mfps.nas.supernet import Supernet
from mfps.networks.path import FixedPath, Head, Stem, size_at
from mfps.networks.resampling import resize

branches = st.builds(
    lambda name, width, layers, monotone, seed: (
        name,
        random_branch(BranchSpace(name, width, layers, monotone), np.random.default_rng(seed)),
    ),
    st.sampled_from(BRANCHES),
    st.integers(1, 2),
    st.integers(1, 4),
    st.booleans(),
    st.integers(0, 2**31),
)


def entry(branch, size=(16, 24)):
    """A random input of a path, for a picture of `size`."""
    side = [extent * branch.start_rate // RATES[-1] for extent in size]
    return torch.randn(1, cell_width(branch.width, branch.start_rate), *side)


@settings(max_examples=25)
@given(branches)
def test_every_genotype_leads_to_rate_8(named):
    _, branch = named
    with torch.no_grad():
        assert FixedPath(branch).eval()(entry(branch)).shape == (1, 3 * branch.width, 16, 24)


@settings(max_examples=8)
@given(branches)
def test_every_parameter_learns_and_names_are_the_supernets(named):
    name, branch = named
    path = FixedPath(branch)
    monotone = name == "upsample" and all(a <= b for a, b in zip(branch.path, branch.path[1:], strict=False))
    space = BranchSpace(name, branch.width, branch.layers, monotone=monotone)
    if not space.is_legal(branch.path):
        space = BranchSpace(name, branch.width, branch.layers)
    supernet = {key: tensor.shape for key, tensor in Supernet(space).state_dict().items()}
    assert {key: tensor.shape for key, tensor in path.state_dict().items()}.items() <= supernet.items()
    # In training mode and without a mean of zero, a batch norm gives every input a gradient.
    output = path(torch.cat([entry(branch) for _ in range(2)]))
    (output * torch.randn_like(output)).sum().backward()
    without = [key for key, parameter in path.named_parameters() if parameter.grad is None]
    assert not without


@pytest.mark.parametrize("start", BRANCHES)
def test_a_path_is_its_cells_in_a_row(start, randomised):
    space = BranchSpace(start, 1, 4)
    branch = random_branch(space, np.random.default_rng(5))
    path = randomised(FixedPath(branch))
    x = entry(branch)
    with torch.no_grad():
        outputs = [x, path.stem(x)]
        for layer, rate in enumerate(branch.path):
            rates = (branch.start_rate, branch.start_rate, *branch.path)
            size = size_at(rate, branch.start_rate, (x.shape[2], x.shape[3]))
            s0 = path.s0[f"l{layer}_r{rate}_from_r{rates[layer]}"](outputs[-2], size)
            s1 = path.s1[f"l{layer}_r{rate}_from_r{rates[layer + 1]}"](outputs[-1], size)
            outputs.append(path.cells[f"l{layer}_r{rate}"](s0, s1))
            assert outputs[-1].shape == (1, cell_channels(1, rate), 2 * rate, 3 * rate)
        assert torch.equal(path(x), path.head(outputs[-1], branch.path[-1]))


@pytest.mark.parametrize("rate", RATES)
def test_a_head_climbs_from_its_end_rate_to_8(rate):
    head = Head(2, (rate,))
    assert list(head.climb) == [f"r{r}" for r in RATES if rate <= r < 8]
    assert head(torch.randn(2, cell_channels(2, rate), rate, 2 * rate), rate).shape == (2, 6, 8, 16)
    assert head.last.bias is None


@torch.no_grad()
@pytest.mark.parametrize("rate", RATES)
def test_a_head_enlarges_after_each_step(rate, randomised, difference):
    """As published; the convolutions that follow an enlargement may be done before it."""
    head = randomised(Head(2, (rate,))).double()
    x = expected = torch.randn(1, cell_channels(2, rate), 2 * rate, 3 * rate, dtype=torch.float64)
    for step in head.climb.values():
        size = expected.shape[-2:]
        expected = step(expected, tuple(size))
        expected = resize(expected, (2 * size[0], 2 * size[1]))
    expected = F.conv2d(expected, head.last.weight)
    assert difference(head(x, rate), expected) < 1e-12


def test_a_head_for_several_ends_climbs_from_each():
    head = Head(1, (2, 4, 8))
    assert list(head.climb) == ["r2", "r4"]
    for rate in (2, 4, 8):
        assert head(torch.randn(1, cell_channels(1, rate), 2 * rate, 2 * rate), rate).shape == (1, 3, 16, 16)


@pytest.mark.parametrize("rate", RATES)
def test_a_stem_triples_the_channels(rate):
    x = torch.randn(1, cell_width(2, rate), 4, 4)
    assert Stem(2, rate)(x).shape[1] == 3 * x.shape[1]


@settings(max_examples=30)
@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(1, 4), st.integers(1, 4))
def test_sizes_scale_with_the_rate(rate, start, height, width):
    at_rate_1 = (height, width)
    at_start = size_at(start, 1, at_rate_1)
    assert size_at(rate, start, at_start) == size_at(rate, 1, at_rate_1)


def test_a_first_cell_at_the_start_rate_takes_the_input_as_it_is():
    def path(rate):
        cell = random_cell(BranchSpace("parsing", 2, 1), np.random.default_rng(0))
        return FixedPath(BranchGenotype(start_rate=8, width=2, path=[rate], cell=cell))

    assert not list(path(8).s0.parameters())
    assert list(path(4).s0.parameters())
