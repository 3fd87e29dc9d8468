"""With rates by fan-in, a step changes the kernels of all layers by one share of what they are."""

import copy

import pytest
import torch
from mfps.training.layer_rates import REFERENCE_FAN_IN, parameter_groups, rate_of, set_rate
from torch import nn

LAYERS = [(4, 1), (32, 3), (16, 7), (64, 7), (1, 3)]


def network():
    torch.manual_seed(0)
    return nn.ModuleList(
        [*(nn.Conv2d(channels, 64, kernel) for channels, kernel in LAYERS), nn.BatchNorm2d(8), nn.Linear(6, 3)]
    )


def changes(layer_rates, rate=1e-4):
    """How much Adam's first step changes each kernel, as a share of what it was: the mean over its weights."""
    layers = network()
    before = copy.deepcopy(layers.state_dict())
    optimizer = torch.optim.Adam(parameter_groups(dict(layers.named_parameters()), layer_rates), 1.0)
    set_rate(optimizer, rate)
    for parameter in layers.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    return {
        name: float((parameter.detach() - before[name]).abs().mean() / before[name].abs().mean())
        for name, parameter in layers.named_parameters()
        if parameter.ndim > 1
    }


def test_all_kernels_change_by_one_share():
    """Weights start evenly spread between bounds that fall as the square root of the fan-in rises."""
    by_fan_in, equal = changes("fan-in"), changes("equal")
    assert max(by_fan_in.values()) < 1.2 * min(by_fan_in.values())
    assert max(equal.values()) > 10 * min(equal.values())


@pytest.mark.parametrize("layer_rates", ["equal", "fan-in"])
def test_every_parameter_has_a_rate_once(layer_rates):
    layers = network()
    groups = parameter_groups(dict(layers.named_parameters()), layer_rates)
    assert sorted(id(p) for group in groups for p in group["params"]) == sorted(map(id, layers.parameters()))
    assert len(groups) == (1 if layer_rates == "equal" else 1 + len({c * k * k for c, k in [*LAYERS, (6, 1)]} - {288}))


def test_the_rate_given_is_that_of_the_reference_and_of_all_that_is_no_kernel():
    layers = network()
    optimizer = torch.optim.SGD(parameter_groups(dict(layers.named_parameters()), "fan-in"), 1.0)
    for rate in (0.5, 0.02):
        set_rate(optimizer, rate)
        rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
        assert rate_of(optimizer) == pytest.approx(rate)
        given = [p for p in layers.parameters() if p.ndim == 1 or p[0].numel() == REFERENCE_FAN_IN]
        assert {rates[id(p)] for p in given} == {rate}
        assert rates[id(layers[3].weight)] == pytest.approx(rate * (REFERENCE_FAN_IN / (64 * 49)) ** 0.5)


def test_equal_rates_are_one_group_as_before():
    layers = network()
    assert parameter_groups(dict(layers.named_parameters()), "equal") == [{"params": list(layers.parameters())}]


@pytest.mark.parametrize("layer_rates", ["equal", "fan-in"])
@pytest.mark.parametrize("prefix", ["", "restorer."])
def test_the_rate_of_the_priors_layers_is_a_share_of_what_it_were(build, layer_rates, prefix):
    """They are those that get no gradient from the first iteration."""
    restorer = build(("parsing", "dictionary"), iterations=2, attention=True)
    image = torch.rand(2, 3, 16, 16)
    restorer(image, iterations=1)[0].sum().backward()
    named = {f"{prefix}{name}": parameter for name, parameter in restorer.named_parameters()}
    rates = []
    for share in (1.0, 0.25):
        groups = parameter_groups(named, layer_rates, share)
        rates.append({id(p): group.get("factor", 1.0) for group in groups for p in group["params"]})
        assert sum(len(group["params"]) for group in groups) == len(named)
    for parameter in named.values():
        expected = rates[0][id(parameter)] * (1 if parameter.grad is not None else 0.25)
        assert rates[1][id(parameter)] == pytest.approx(expected)
