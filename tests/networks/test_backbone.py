import pytest
import torch
from mfps.genotypes.backbone import whole_backbone
from mfps.networks.backbone import BackboneSizes, first_blocks, residual_blocks, through_hidden
from torch import nn


def test_sizes_are_shares_of_the_whole_ones_rounded_up():
    whole = whole_backbone(3, with_priors=False)
    assert BackboneSizes.of(whole, 8) == (3, 3, 64, 8)
    narrow = whole.model_copy(update={"redistill": 0.25, "restore": 0.75, "refine_blocks": 0})
    assert BackboneSizes.of(narrow, 9) == (3, 0, 18, 7)


@torch.no_grad()
def test_the_first_blocks_are_those_of_a_shallower_network():
    blocks, x = residual_blocks(4, 3), torch.randn(1, 4, 3, 3)
    assert torch.equal(first_blocks(blocks, 0, x), x)
    assert torch.equal(first_blocks(blocks, 2, x), blocks[1](blocks[0](x)))
    assert torch.equal(first_blocks(blocks, 3, x), blocks(x))


@torch.no_grad()
@pytest.mark.parametrize("hidden", [1, 3, 4])
def test_fewer_channels_between_two_convolutions(hidden):
    layers = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(8, 4, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 5, 1))
    narrow = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(8, hidden, 1), nn.LeakyReLU(0.2), nn.Conv2d(hidden, 5, 1))
    state = layers.state_dict()
    sliced = {"1.weight": state["1.weight"][:hidden], "1.bias": state["1.bias"][:hidden]}
    narrow.load_state_dict({**sliced, "3.weight": state["3.weight"][:, :hidden], "3.bias": state["3.bias"]})
    x = torch.randn(1, 2, 4, 6)
    assert torch.allclose(through_hidden(layers, x, hidden), narrow(x), atol=1e-6)
