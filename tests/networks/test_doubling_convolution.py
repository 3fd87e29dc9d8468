import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.networks.doubling_convolution import DoublingConvolution
from mfps.networks.folded_norm import fold_norms
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

sides = st.integers(1, 6)


def enlarged_first(conv, x):
    return F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), conv.weight, conv.bias, padding=1)


@settings(max_examples=30)
@given(height=sides, width=sides)
def test_it_is_the_convolution_of_the_enlarged_features(height, width):
    """Results and gradients, also along the borders."""
    conv = DoublingConvolution(3, 2).double()
    other = copy.deepcopy(conv)
    x = torch.randn(2, 3, height, width, dtype=torch.float64)
    inputs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y, expected = conv(inputs[0]), enlarged_first(other, inputs[1])
    assert torch.allclose(y, expected, atol=1e-12)
    gradient = torch.randn_like(y)
    mine = torch.autograd.grad(y, [inputs[0], *conv.parameters()], gradient)
    theirs = torch.autograd.grad(expected, [inputs[1], *other.parameters()], gradient)
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(mine, theirs, strict=True))


@torch.no_grad()
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
def test_single_precision_is_enough_and_work_is_saved(layout):
    conv, x = DoublingConvolution(8, 8).to(memory_format=layout), torch.randn(2, 8, 16, 16).to(memory_format=layout)
    expected = enlarged_first(conv, x)
    with FlopCounterMode(display=False) as counter:
        y = conv(x)
    assert torch.allclose(y, expected, atol=1e-5)
    assert counter.get_total_flops() == 4 * 2 * 8 * 8 * expected[:, 0].numel()


@torch.no_grad()
@pytest.mark.parametrize("transposed", [True, False])
def test_what_it_becomes_for_running(difference, transposed):
    network = nn.ModuleList([DoublingConvolution(4, 3)])
    (made,) = fold_norms(network, transposed)
    x = torch.randn(1, 4, 5, 6)
    kinds = [type(module) for module in made.modules()]
    assert kinds == ([nn.ConvTranspose2d] if transposed else [nn.Sequential, nn.Upsample, nn.Conv2d])
    assert not made.training
    assert not any(parameter.requires_grad for parameter in made.parameters())
    assert difference(made(x), network[0](x)) < 1e-6


def test_an_empty_batch_is_counted_as_drawn():
    conv, shapes = DoublingConvolution(4, 3), []
    conv.register_forward_hook(lambda _, __, output: shapes.append(output.shape))
    conv(torch.empty(0, 4, 5, 6))
    assert shapes == [(0, 3, 10, 12)]
