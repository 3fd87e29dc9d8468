import copy

import pytest
import torch
from mfps.genotypes.space import PRIORS
from mfps.networks.cost import Cost, _EmptyBatch, network_cost
from torch import nn

pytestmark = pytest.mark.slow


def counted_by_hooks(network, image, priors):
    """FLOPs of a real run: twice the multiplications of every convolution that is called."""
    flops = []

    def count(conv, _, output):
        kernel = conv.kernel_size[0] * conv.kernel_size[1]
        flops.append(2 * kernel * conv.in_channels // conv.groups * output.numel())

    handles = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        network(image, priors)
    for handle in handles:
        handle.remove()
    return sum(flops)


@pytest.mark.parametrize(("priors", "iterations"), [((), 2), (("heatmap",), 1), (PRIORS, 2)], ids=str)
def test_flops_are_those_of_the_convolutions_that_run(build, faces, priors, iterations):
    network = build(priors, iterations=iterations)
    cost = network_cost(network, 16)["total"]
    assert cost == Cost(sum(p.numel() for p in network.parameters()), counted_by_hooks(network, *faces(network)))


@pytest.mark.parametrize("priors", [(), PRIORS], ids=len)
def test_parts_add_up(build, priors):
    network = build(priors, iterations=2)
    costs = network_cost(network, 16)
    total = costs.pop("total")
    assert list(costs) == ["upsample", *priors, *(["fusion"] if priors else []), "rest"]
    assert total == Cost(*map(sum, zip(*costs.values(), strict=True)))
    assert all(cost.parameters > 0 and cost.flops > 0 for cost in costs.values())


def test_the_rest_of_frsnet_counted_by_hand(build):
    """Width 1, one block, 16 px, so 8 features on a grid of 2 x 2."""

    def conv(kernel, channels_in, channels_out, side):
        return 2 * kernel**2 * channels_in * channels_out * side**2

    block = sum(conv(3, 8 + 4 * i, 4 if i < 4 else 8, 2) for i in range(5))
    expected = (
        conv(3, 192, 8, 2)
        + 2 * block
        + conv(1, 192, 64, 2)
        + conv(1, 64, 8, 2)
        + conv(3, 8, 8, 2)
        + sum(conv(3, 8, 8, side) for side in (4, 8, 16, 16))
        + conv(3, 8, 3, 16)
    )
    assert network_cost(build(), 16)["rest"].flops == 2 * expected
    assert network_cost(build(iterations=1), 16)["rest"].flops == expected


def test_flops_grow_with_the_area_and_the_iterations(build):
    network = build(("heatmap",))
    small, large = network_cost(network, 16), network_cost(network, 32)
    assert all(large[part] == Cost(small[part].parameters, 4 * small[part].flops) for part in small)
    once, twice = (network_cost(build(iterations=i), 16)["total"] for i in (1, 2))
    assert twice == Cost(once.parameters, 2 * once.flops)


def test_what_does_not_run_costs_nothing(build):
    costs = network_cost(build(PRIORS, iterations=1), 16)
    assert all(costs[branch].flops == 0 < costs[branch].parameters for branch in (*PRIORS, "fusion"))


@pytest.mark.parametrize("attention", [False, True])
def test_weights_without_memory_cost_the_same(build, attention):
    network = build(PRIORS, iterations=2, attention=attention)
    expected = network_cost(network, 16)
    assert network_cost(network.to("meta"), 16) == expected


@pytest.mark.parametrize("training", [False, True])
def test_the_network_is_not_changed(build, training):
    network = build(("heatmap",)).train(training)
    state = copy.deepcopy(network.state_dict())
    network_cost(network, 16)
    assert network.training is training
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    assert all(p.device.type == "cpu" and p.grad is None and p.requires_grad for p in network.parameters())


@pytest.mark.parametrize("kernel", [1, 3, (5, 2)], ids=str)
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 2, 2), (3, (2, 1), (1, 2))], ids=str
)
@pytest.mark.parametrize("groups", [1, 4])
def test_an_empty_batch_gets_the_shape_of_a_full_one(kernel, stride, padding, dilation, groups):
    """Of any convolution that an operation may be made from."""
    conv = nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups)
    expected = conv(torch.zeros(1, 4, 13, 9)).shape
    with _EmptyBatch():
        found = conv.to("meta")(torch.empty(0, 4, 13, 9)).shape
    assert found[1:] == expected[1:]
