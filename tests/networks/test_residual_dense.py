import torch
from mfps.networks.residual_dense import LEAKY_SLOPE, RESIDUAL_SCALE, ResidualDenseBlock
from torch.nn import functional as F


def test_a_block_is_dense_and_residual():
    block = ResidualDenseBlock(4, 2)
    x = torch.randn(2, 4, 6, 5)
    seen = x
    for conv in block.convs[:4]:
        seen = torch.cat([seen, F.leaky_relu(conv(seen), LEAKY_SLOPE)], dim=1)
    assert torch.allclose(block(x), x + RESIDUAL_SCALE * block.convs[4](seen), atol=1e-6)
    assert (LEAKY_SLOPE, RESIDUAL_SCALE) == (0.2, 0.2)


def test_a_block_without_its_last_convolution_is_the_identity():
    block = ResidualDenseBlock(4, 3)
    torch.nn.init.zeros_(block.convs[4].weight)
    torch.nn.init.zeros_(block.convs[4].bias)
    x = torch.randn(1, 4, 3, 3)
    assert torch.equal(block(x), x)


def test_every_parameter_learns():
    block = ResidualDenseBlock(4, 2)
    block(torch.randn(1, 4, 5, 5)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in block.parameters())


def test_state_dict_keys():
    shapes = {name: tuple(tensor.shape) for name, tensor in ResidualDenseBlock(64, 32).state_dict().items()}
    weights = {f"convs.{i}.weight": (32 if i < 4 else 64, 64 + 32 * i, 3, 3) for i in range(5)}
    assert shapes == weights | {f"convs.{i}.bias": (32 if i < 4 else 64,) for i in range(5)}
