"""A slice of a layer is the layer that would have been built that narrow, with the first channels of its weights."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.networks.nested import convolve, first_channels, normalise
from torch import nn

PARTS = st.sampled_from([1, 3])


def channels_of(width, parts):
    """The positions of the first `width` channels of each of the parts, which have 4."""
    return [4 * part + channel for part in range(parts) for channel in range(width)]


@given(PARTS, st.integers(1, 4))
def test_the_first_channels_of_each_part(parts, width):
    whole = torch.arange(4.0 * parts)
    found = first_channels(whole, parts * width, parts)
    assert found.tolist() == channels_of(width, parts)
    across = first_channels(whole.expand(2, -1), parts * width, parts, dim=1)
    assert across.tolist() == [found.tolist()] * 2


@settings(max_examples=40)
@given(PARTS, PARTS, st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_a_slice_of_a_convolution(before, after, width_in, width_out, bias):
    """Results and gradients, which are zero outside of the slice."""
    whole = nn.Conv2d(4 * before, 4 * after, 3, padding=1, bias=bias).double()
    ins, outs = channels_of(width_in, before), channels_of(width_out, after)
    narrow = nn.Conv2d(len(ins), len(outs), 3, padding=1, bias=bias).double()
    narrow.weight.data = whole.weight.data[outs][:, ins].clone()
    if bias:
        narrow.bias.data = whole.bias.data[outs].clone()
    x = torch.randn(2, len(ins), 5, 4, dtype=torch.float64)
    y = convolve(whole, x, len(outs), (before, after))
    expected = narrow(x)
    assert torch.allclose(y, expected, atol=1e-12)
    y.square().sum().backward()
    expected.square().sum().backward()
    assert torch.allclose(whole.weight.grad[outs][:, ins], narrow.weight.grad, atol=1e-10)
    assert whole.weight.grad.abs().sum() == pytest.approx(float(narrow.weight.grad.abs().sum()))


def test_by_default_as_large_a_share_comes_out_as_goes_in():
    conv, depthwise = nn.Conv2d(8, 12, 1), nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
    x = torch.randn(1, 2, 3, 3)
    assert convolve(conv, x).shape == (1, 3, 3, 3)
    each = nn.functional.conv2d(x, depthwise.weight[:2], padding=1, groups=2)
    assert torch.equal(convolve(depthwise, x), each)


@settings(max_examples=20)
@given(PARTS, st.integers(1, 4), st.booleans())
def test_a_slice_of_a_norm_keeps_its_statistics(parts, width, training):
    torch.manual_seed(0)
    whole, there = nn.BatchNorm2d(4 * parts).train(training), channels_of(width, parts)
    for tensor in (whole.weight.data, whole.bias.data, whole.running_mean, whole.running_var):
        tensor.uniform_(0.5, 2)
    narrow = nn.BatchNorm2d(len(there)).train(training)
    before = {name: tensor.clone() for name, tensor in whole.state_dict().items()}
    narrow.load_state_dict({name: t[there] if t.ndim else t for name, t in before.items()})
    x = torch.randn(3, len(there), 2, 2)
    assert torch.allclose(normalise(whole, x, parts), narrow(x), atol=1e-5)
    others = [channel for channel in range(4 * parts) if channel not in there]
    for name, tensor in whole.state_dict().items():
        if tensor.ndim:
            assert torch.allclose(tensor[there], narrow.state_dict()[name], atol=1e-6)
            assert torch.equal(tensor[others], before[name][others])
        else:
            assert tensor == narrow.state_dict()[name]


def test_what_is_whole_runs_as_it_is():
    conv, norm, folded = nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.Identity()
    x, called = torch.randn(1, 3, 2, 2), []
    for module in (conv, norm):
        module.register_forward_hook(lambda *_: called.append(1))
    normalise(norm, convolve(conv, x))
    assert len(called) == 2
    assert normalise(folded, x) is x
