"""The residual dense block, the backbone of encoder and re-distillation."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

LEAKY_SLOPE = 0.2
"""Slope of every LeakyReLU of the restorer."""

RESIDUAL_SCALE = 0.2
"""Factor of a block's last convolution when it is added to the block's input."""


class ResidualDenseBlock(nn.Module):
    """Five 3x3 convolutions, each fed the block's input and all earlier outputs; the last is added to the input.

    Source: Zhang et al., Residual Dense Network (CVPR 2018), in the form of ESRGAN's block.

    Args:
        channels: channels in and out (published: 64).
        growth: channels that each of the first four convolutions adds (published: 32).
    """

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(channels + i * growth, growth if i < 4 else channels, 3, padding=1) for i in range(5)
        )

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Refine (B, channels, H, W); the shape is unchanged."""
        features = [x]
        for conv in self.convs[:-1]:
            features.append(F.leaky_relu(conv(torch.cat(features, dim=1)), LEAKY_SLOPE))
        return x + RESIDUAL_SCALE * self.convs[-1](torch.cat(features, dim=1))
