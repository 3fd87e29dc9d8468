"""Changing the size of features: how a cell's input gets from its source's rate to the cell's."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from .operations import ConvNormReLU


def resize(x: Float[Tensor, "B C _ _"], size: tuple[int, int]) -> Float[Tensor, "B C _ _"]:
    """Resize (B, C, h, w) to (B, C, *size), bilinearly with align_corners=True, unless it has that size."""
    if x.shape[-2:] == size:
        return x
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)


class Projection(nn.Module):
    """Brings a cell's input to the cell's size, then to its width by a 1x1 ConvNormReLU.

    An input that already has the cell's width is used unchanged. That happens only to the path's own input, in a
    first cell at the start rate. Source: `preprocess` and `pre_preprocess` of the published cell.
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.project = nn.Identity() if in_channels == width else ConvNormReLU(in_channels, width, 1)

    def forward(self, x: Float[Tensor, "B _ _ _"], size: tuple[int, int]) -> Float[Tensor, "B _ _ _"]:
        """Map (B, in_channels, h, w) to (B, width, *size)."""
        return self.project(resize(x, size))
