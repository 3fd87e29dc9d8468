"""Candidate operations of an edge, and the convolution they are made of.

Source: MFPSNet's search space: skip, and convolution - batch norm - ReLU with kernels 3, 5 and 7. Separable
convolutions are ours: the same kernels for a fraction of the multiplications.
"""

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from .nested import Parts, convolve, normalise


class ConvNormReLU(nn.Module):
    """Convolution without bias, batch norm, ReLU; the size is unchanged.

    Args:
        in_channels: of the features.
        out_channels: of the result.
        kernel_size: odd.
        parts: of which the channels consist, where slices of the layer are run; see `networks.nested`.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, parts: Parts = (1, 1)) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.parts = parts

    def forward(self, x: Float[Tensor, "B _ H W"], out_channels: int | None = None) -> Float[Tensor, "B _ H W"]:
        """Map (B, in_channels, H, W) to (B, out_channels, H, W), non-negative; or a slice of it, see `convolve`."""
        return self.relu(normalise(self.bn, convolve(self.conv, x, out_channels, self.parts), self.parts[1]))


class SeparableConvNormReLU(nn.Module):
    """Depthwise convolution, pointwise convolution, batch norm, ReLU; the size is unchanged.

    Source: MobileNets (Howard et al., 2017), with one norm instead of two.

    Args:
        width: channels in and out.
        kernel_size: of the depthwise convolution, odd.
    """

    def __init__(self, width: int, kernel_size: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, kernel_size, padding=kernel_size // 2, groups=width, bias=False)
        self.pointwise = nn.Conv2d(width, width, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Map (B, C, H, W) to the same shape, non-negative."""
        return self.relu(normalise(self.bn, convolve(self.pointwise, convolve(self.depthwise, x))))


class Convolution(NamedTuple):
    """One of the convolutions that an operation is made of: `width` to `width` channels, size unchanged."""

    kernel: int
    """Side of the kernel."""
    depthwise: bool = False
    """Each channel is convolved separately, instead of all together."""
    norm: bool = True
    """A batch norm follows."""


class Candidate(NamedTuple):
    """A candidate operation: how it is built, and what it costs."""

    build: Callable[[int], nn.Module]
    """Returns the module for a width, its channels in and out; the size is unchanged."""
    convolutions: tuple[Convolution, ...]
    """Every convolution of that module; what architectures cost is counted from these."""


def _separable(kernel: int) -> Candidate:
    convolutions = Convolution(kernel, depthwise=True, norm=False), Convolution(1)
    return Candidate(lambda width: SeparableConvNormReLU(width, kernel), convolutions)


CANDIDATES = {
    "skip": Candidate(lambda _: nn.Identity(), ()),
    "conv_3x3": Candidate(lambda width: ConvNormReLU(width, width, 3), (Convolution(3),)),
    "conv_5x5": Candidate(lambda width: ConvNormReLU(width, width, 5), (Convolution(5),)),
    "conv_7x7": Candidate(lambda width: ConvNormReLU(width, width, 7), (Convolution(7),)),
    "separable_3x3": _separable(3),
    "separable_5x5": _separable(5),
    "separable_7x7": _separable(7),
}
"""An entry for each of `genotypes.space.OPERATIONS`."""


def make_operation(name: str, width: int) -> nn.Module:
    """Build one candidate operation, from `width` to `width` channels at the same size.

    Args:
        name: one of `genotypes.space.OPERATIONS`.
        width: channels in and out.
    """
    return CANDIDATES[name].build(width)
