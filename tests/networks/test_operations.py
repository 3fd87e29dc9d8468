import pytest
import torch
from mfps.genotypes.space import OPERATIONS
from mfps.networks.operations import CANDIDATES, ConvNormReLU, make_operation
from torch import nn


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("width", [1, 3])
def test_every_operation_keeps_the_shape(name, width):
    x = torch.randn(2, width, 5, 7)
    assert make_operation(name, width)(x).shape == x.shape


def test_every_operation_of_the_search_space_can_be_built():
    assert tuple(CANDIDATES) == OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_states_its_own_convolutions(name):
    width = 6
    stated = CANDIDATES[name].convolutions
    modules = list(make_operation(name, width).modules())
    real = [module for module in modules if isinstance(module, nn.Conv2d)]
    assert [(conv.kernel_size, conv.groups) for conv in real] == [
        ((kernel, kernel), width if depthwise else 1) for kernel, depthwise, _ in stated
    ]
    weights = sum(kernel**2 * width * (1 if depthwise else width) for kernel, depthwise, _ in stated)
    norms = sum(norm for _, _, norm in stated)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in modules) == norms
    assert sum(parameter.numel() for module in modules[:1] for parameter in module.parameters()) == (
        weights + 2 * width * norms
    )


def test_skip_is_the_identity():
    x = torch.randn(1, 2, 4, 4)
    assert torch.equal(make_operation("skip", 2)(x), x)


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_a_convolution_sees_as_far_as_its_kernel(kernel):
    operation = make_operation(f"conv_{kernel}x{kernel}", 1).eval()
    torch.nn.init.ones_(operation.conv.weight)
    x = torch.zeros(1, 1, 15, 15)
    x[..., 7, 7] = 1
    seen = operation(x)[0, 0] > 0
    assert int(seen.sum()) == kernel**2
    assert bool(seen[7 - kernel // 2, 7 + kernel // 2])


def test_convolution_norm_relu_is_just_that(randomised):
    module = randomised(ConvNormReLU(3, 5, 3))
    x = torch.randn(2, 3, 6, 6)
    y = torch.nn.functional.conv2d(x, module.conv.weight, padding=1)
    scale = module.bn.weight / (module.bn.running_var + module.bn.eps).sqrt()
    centred = y - module.bn.running_mean[:, None, None]
    expected = (centred * scale[:, None, None] + module.bn.bias[:, None, None]).relu()
    assert torch.allclose(module(x), expected, atol=1e-6)
    assert expected.min() == 0 < expected.max()


def test_unknown_operations_have_no_builder():
    with pytest.raises(KeyError):
        make_operation("pool", 2)
