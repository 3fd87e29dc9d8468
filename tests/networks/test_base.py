from itertools import pairwise

import pytest
import torch
from mfps.genotypes.base import WINDOWS
from mfps.networks.base import first_base, low_pass
from mfps.networks.cost import network_cost


@pytest.mark.parametrize("window", WINDOWS)
def test_a_low_pass_keeps_the_mean_and_takes_away_what_is_finer_than_its_window(window):
    picture = torch.rand(2, 3, 32, 40)
    smooth = low_pass(picture, window)
    assert smooth.shape == picture.shape
    assert torch.allclose(low_pass(torch.full_like(picture, 0.3), window), torch.tensor(0.3))
    checker = (torch.arange(32)[:, None] + torch.arange(40)) % 2
    assert torch.allclose(low_pass(checker.expand(1, 3, 32, 40).float(), window), torch.tensor(0.5))
    assert (smooth - picture).abs().max() > 0.1


def test_wider_windows_take_away_more_noise():
    noise = torch.randn(1, 3, 64, 64)
    left = [first_base(noise, "input", 4).std()] + [first_base(noise, "lowpass", window).std() for window in WINDOWS]
    assert all(after < before for before, after in pairwise(left))


@torch.no_grad()
@pytest.mark.parametrize("base", ["input", "lowpass"])
@pytest.mark.parametrize("priors", [(), ("heatmap",)])
def test_a_network_begins_as_its_base(build, faces, base, priors):
    network = build(priors, base=base, base_window=8, iterations=3)
    image, given = faces(network, 16, 24)
    assert all(torch.equal(output, first_base(image, base, 8)) for output in network(image, given))


@torch.no_grad()
@pytest.mark.parametrize("base", ["input", "lowpass"])
def test_each_iteration_adds_to_the_one_before(build, faces, base, randomised):
    """By the network without a base, whose outputs are then the differences."""
    network, plain = (randomised(build((), base=name, iterations=1)) for name in (base, "none"))
    plain.load_state_dict(network.state_dict())
    image, _ = faces(network, 16, 16)
    first, second = network(image, iterations=2)
    assert torch.allclose(first, first_base(image, base, 4) + plain(image)[0], atol=1e-6)
    assert torch.allclose(second, first + plain(first)[0], atol=1e-6)


def test_without_a_base_a_configuration_is_written_as_before(build):
    assert set(build(()).config.model_dump()) == {"iterations", "blocks", "prior_channels", "attention"}
    with_base = build((), base="lowpass", base_window=2).config
    assert with_base.model_dump() == {**build(()).config.model_dump(), "base": "lowpass", "base_window": 2}
    assert type(with_base).model_validate(with_base.model_dump()) == with_base


def test_a_base_costs_no_parameters_and_no_convolution(build):
    assert network_cost(build((), base="lowpass"), 16) == network_cost(build(()), 16)
