"""Changing the size of features: how they get from one rate to another, with a 1x1 convolution on the way."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from .nested import Parts, convolve, first_channels, normalise


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
    """`ResizingConvolution`, batch norm, ReLU.

    Args:
        in_channels: of the features.
        out_channels: of the result.
        parts: of which the channels consist, where slices of the layer are run; see `networks.nested`.
    """

    def __init__(self, in_channels: int, out_channels: int, parts: Parts) -> None:
        super().__init__()
        self.conv = ResizingConvolution(in_channels, out_channels)
        self.bn = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.parts = parts

    def forward(
        self, x: Float[Tensor, "B _ _ _"], size: tuple[int, int], out_channels: int | None = None
    ) -> Float[Tensor, "B _ _ _"]:
        """Map (B, in_channels, h, w) to (B, out_channels, *size), non-negative; or a slice of it, see `convolve`."""
        y = convolve(self.conv, x, out_channels, self.parts, size=size)
        return self.relu(normalise(self.bn, y, self.parts[1]))


class Projection(nn.Module):
    """Brings a cell's input to the cell's size and to its width by a 1x1 ConvNormReLU.

    The path's own input is used unchanged in a first cell at the start rate, where it has the cell's width; where the
    path is a slice, its first channels are. Source: `preprocess` and `pre_preprocess` of the published cell.

    Args:
        in_channels: of the input.
        width: channels of the result.
        parts: of which the input consists.
        unchanged: it is used as it is.
    """

    def __init__(self, in_channels: int, width: int, parts: int, unchanged: bool = False) -> None:
        super().__init__()
        self.width = width
        self.project = None if unchanged else ResizingConvNormReLU(in_channels, width, (parts, 1))

    def forward(
        self, x: Float[Tensor, "B _ _ _"], size: tuple[int, int], width: int | None = None
    ) -> Float[Tensor, "B _ _ _"]:
        """Map (B, in_channels, h, w) to (B, width, *size); or a slice of it, with that many channels."""
        if self.project is None:
            return resize(first_channels(x, width or self.width, dim=1), size)
        return self.project(x, size, width)
