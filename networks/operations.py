"""Candidate operations of an edge, and the convolution they are made of.

Source: MFPSNet's search space: skip, and convolution - batch norm - ReLU with kernels 3, 5 and 7.
"""

from jaxtyping import Float
from torch import Tensor, nn

from ..genotypes.space import OPERATIONS


class ConvNormReLU(nn.Module):
    """Convolution without bias, batch norm, ReLU; the size stays."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Float[Tensor, "B _ H W"]) -> Float[Tensor, "B _ H W"]:
        """Map (B, in_channels, H, W) to (B, out_channels, H, W), non-negative."""
        return self.relu(self.bn(self.conv(x)))


def make_operation(name: str, width: int) -> nn.Module:
    """Build one candidate operation, from `width` to `width` channels at the same size.

    Args:
        name: one of `genotypes.space.OPERATIONS`.
        width: channels in and out.
    """
    builders = {
        "skip": nn.Identity,
        "conv_3x3": lambda: ConvNormReLU(width, width, 3),
        "conv_5x5": lambda: ConvNormReLU(width, width, 5),
        "conv_7x7": lambda: ConvNormReLU(width, width, 7),
    }
    if tuple(builders) != OPERATIONS:
        raise AssertionError("every operation of the search space needs a builder here, in the same order")
    return builders[name]()
