import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.networks.resampling import Projection, ResizingConvNormReLU, ResizingConvolution, resize
from torch.utils.flop_counter import FlopCounterMode

sides = st.integers(1, 9)
KINDS = (ResizingConvolution, partial(ResizingConvNormReLU, parts=(1, 1)))


@settings(max_examples=40)
@given(sides, sides, sides, sides)
def test_resize_keeps_corners_and_bounds(height, width, new_height, new_width):
    x = torch.rand(1, 2, height, width)
    y = resize(x, (new_height, new_width))
    assert y.shape == (1, 2, new_height, new_width)
    assert x.min() - 1e-6 <= y.min() <= y.max() <= x.max() + 1e-6
    if new_height > 1 and new_width > 1:
        assert torch.allclose(y[..., [0, 0, -1, -1], [0, -1, 0, -1]], x[..., [0, 0, -1, -1], [0, -1, 0, -1]])


def test_resize_keeps_a_ramp_a_ramp():
    ramp = torch.linspace(0, 1, 4).repeat(4, 1)[None, None]
    assert torch.allclose(resize(ramp, (8, 8))[0, 0], torch.linspace(0, 1, 8).repeat(8, 1), atol=1e-6)


def test_the_same_size_is_the_same_tensor():
    x = torch.randn(1, 1, 4, 4)
    assert resize(x, (4, 4)) is x


def resized_first(module, x, size):
    """What a resizing module computes, in the order of the published network."""
    weight = (module.conv if isinstance(module, ResizingConvNormReLU) else module).weight
    y = F.conv2d(resize(x, size), weight)
    return module.relu(module.bn(y)) if isinstance(module, ResizingConvNormReLU) else y


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", [(2, 3), (4, 6), (8, 12), (32, 48)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_resize_and_convolution_changes_nothing(kind, size, training, randomised, difference):
    """Neither outputs nor gradients nor running statistics."""
    module = randomised(kind(6, 2)).double().train(training)
    other = copy.deepcopy(module)
    x = torch.randn(2, 6, 4, 6, dtype=torch.float64)
    inputs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y, expected = module(inputs[0], size), resized_first(other, inputs[1], size)
    gradient = torch.randn_like(y)
    y.backward(gradient)
    expected.backward(gradient)
    assert difference(y.detach(), expected.detach()) < 1e-12
    assert difference(inputs[0].grad, inputs[1].grad) < 1e-12
    for mine, theirs in zip(module.parameters(), other.parameters(), strict=True):
        assert difference(mine.grad, theirs.grad) < 1e-12
    for mine, theirs in zip(module.buffers(), other.buffers(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-12)


@pytest.mark.parametrize("size", [(2, 3), (4, 6), (8, 12)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_convolution_is_done_at_the_smaller_size(kind, size):
    with FlopCounterMode(display=False) as counter:
        kind(6, 2)(torch.randn(1, 6, 4, 6), size)
    assert counter.get_total_flops() == 2 * 6 * 2 * min(size[0] * size[1], 24)


@pytest.mark.parametrize("side", [2, 4, 8])
def test_a_projection_changes_size_and_width(side):
    assert Projection(6, 2, 1)(torch.randn(1, 6, 4, 4), (side, side)).shape == (1, 2, side, side)


def test_an_input_of_the_right_width_has_no_projection():
    projection = Projection(4, 4, 1, unchanged=True)
    x = torch.randn(1, 4, 4, 4)
    assert not list(projection.parameters())
    assert torch.equal(projection(x, (4, 4)), x)
    assert torch.equal(projection(x, (2, 2)), resize(x, (2, 2)))
