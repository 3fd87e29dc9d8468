"""Changing the size of features: how they get from one rate to another, with a 1x1 convolution on the way."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def resize(x: Float[Tensor, "B C _ _"], size: tuple[int, int]) -> Float[Tensor, "B C _ _"]:
    """Resize (B, C, h, w) to (B, C, *size), bilinearly with align_corners=True, unless it has that size."""
    if x.shape[-2:] == size:
        return x
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)


class ResizingConvolution(nn.Conv2d):
    """A 1x1 convolution without bias of features that are brought to another size.

    Both are linear, and the weights of a bilinear resize sum to 1, so they commute. The convolution is done at the
    smaller size, which is cheaper: features are enlarged after it and reduced before it.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 1, bias=False)

    def forward(self, input: Float[Tensor, "B _ _ _"], size: tuple[int, int] | None = None) -> Float[Tensor, "B _ _ _"]:
        """Map (B, in_channels, h, w) to (B, out_channels, *size), by default (B, out_channels, h, w)."""
        if size is None:
            return super().forward(input)
        if size[0] * size[1] > input.shape[-2] * input.shape[-1]:
            return resize(super().forward(input), size)
        return super().forward(resize(input, size))


class ResizingConvNormReLU(nn.Module):
    """`ResizingConvolution`, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = ResizingConvolution(in_channels, out_channels)
        self.bn = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Float[Tensor, "B _ _ _"], size: tuple[int, int]) -> Float[Tensor, "B _ _ _"]:
        """Map (B, in_channels, h, w) to (B, out_channels, *size), non-negative."""
        return self.relu(self.bn(self.conv(x, size)))


class Projection(nn.Module):
    """Brings a cell's input to the cell's size and to its width by a 1x1 ConvNormReLU.

    An input that already has the cell's width is used unchanged. That happens only to the path's own input, in a
    first cell at the start rate. Source: `preprocess` and `pre_preprocess` of the published cell.
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.project = None if in_channels == width else ResizingConvNormReLU(in_channels, width)

    def forward(self, x: Float[Tensor, "B _ _ _"], size: tuple[int, int]) -> Float[Tensor, "B _ _ _"]:
        """Map (B, in_channels, h, w) to (B, width, *size)."""
        return resize(x, size) if self.project is None else self.project(x, size)
