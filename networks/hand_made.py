"""Networks that no search found, trained and judged as those that a search did: a small NAFNet, and a residual network.

Both work on the face unshuffled by `FACTOR`, and begin as the base of their output, as restorers do.

Legend: B batch, C channels, H/W pixels (multiples of 8), h/w = H/4, W/4.
Source: NAFNet, arXiv:2204.04676 (the block; without its U-Net); EDSR, arXiv:1707.02921 (the block, and no norm).
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import MfpsError
from ..genotypes.hand_made import HandMade
from .base import begin_as_base, first_base
from .network_config import NetworkConfig
from .restorer import check_image

FACTOR = 4
"""Of the unshuffling before the first convolution and the shuffling after the last."""

EPSILON = 1e-6
"""Added to the variance of a norm."""


class HandMadeRestorer(nn.Module):
    """A hand-made network; what callers ask of `Restorer` they can ask of it.

    Args:
        made: what it is.
        config: its base; it has one iteration and takes no priors. The other fields mean nothing to it.

    Raises:
        MfpsError: `config` has priors or several iterations.
    """

    def __init__(self, made: HandMade, config: NetworkConfig) -> None:
        super().__init__()
        if config.prior_channels or config.iterations > 1:
            raise MfpsError(f"{made} takes no priors and has one iteration; leave `priors` and `iterations` out")
        self.made, self.config = made, config
        self.priors, self.paths = (), nn.ModuleDict()
        block = {"nafnet": NafBlock, "residual": ResidualBlock}[made.kind]
        self.conv_first = nn.Conv2d(3 * FACTOR**2, made.width, 3, padding=1)
        self.blocks = nn.Sequential(*(block(made.width) for _ in range(made.blocks)))
        self.conv_last = nn.Conv2d(made.width, 3 * FACTOR**2, 3, padding=1)
        begin_as_base(self.conv_last, config.base)

    def forward(
        self,
        image: Float[Tensor, "B 3 H W"],
        priors: Mapping[str, Tensor] | None = None,
        iterations: int | None = None,
    ) -> list[Float[Tensor, "B 3 H W"]]:
        """Restore a batch of faces.

        Args:
            image: degraded faces, RGB in [0, 1], H and W multiples of 8.
            priors: none.
            iterations: one.

        Returns:
            The restored faces, not clamped, as the only output.

        Raises:
            MfpsError: the image has another shape or type, H or W is not a multiple of 8, or there are priors or more
                iterations.
        """
        check_image(image)
        if priors or (iterations or 1) > 1:
            raise MfpsError(f"{self.made} takes no priors and has one iteration")
        features = self.conv_first(F.pixel_unshuffle(image, FACTOR))
        restored = F.pixel_shuffle(self.conv_last(self.blocks(features) + features), FACTOR)
        base = self.config.base
        return [restored if base == "none" else restored + first_base(image, base, self.config.base_window)]


class ResidualBlock(nn.Module):
    """Two convolutions around a ReLU, added to their input (B, C, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_in, self.conv_out = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: Float[Tensor, "B C h w"]) -> Float[Tensor, "B C h w"]:
        """The shape is unchanged."""
        return x + self.conv_out(F.relu(self.conv_in(x)))


class NafBlock(nn.Module):
    """NAFNet's block on (B, C, h, w): a gated depthwise convolution with channel attention, and a gated pointwise pair.

    Both parts are added to their input, scaled by a learned factor that is 0 at the start.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_spatial, self.norm_pointwise = ChannelNorm(width), ChannelNorm(width)
        self.widen = nn.Conv2d(width, 2 * width, 1)
        self.depthwise = nn.Conv2d(2 * width, 2 * width, 3, padding=1, groups=2 * width)
        self.attention = nn.Conv2d(width, width, 1)
        self.narrow = nn.Conv2d(width, width, 1)
        self.pointwise_in, self.pointwise_out = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(width, width, 1)
        self.scale_spatial, self.scale_pointwise = (nn.Parameter(torch.zeros(width, 1, 1)) for _ in range(2))

    def forward(self, x: Float[Tensor, "B C h w"]) -> Float[Tensor, "B C h w"]:
        """The shape is unchanged."""
        y = _gated(self.depthwise(self.widen(self.norm_spatial(x))))
        y = y * self.attention(y.mean((2, 3), keepdim=True))
        x = x + self.scale_spatial * self.narrow(y)
        y = _gated(self.pointwise_in(self.norm_pointwise(x)))
        return x + self.scale_pointwise * self.pointwise_out(y)


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel of (B, C, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width, 1, 1)), nn.Parameter(torch.zeros(width, 1, 1))

    def forward(self, x: Float[Tensor, "B C h w"]) -> Float[Tensor, "B C h w"]:
        """The shape is unchanged."""
        centred = x - x.mean(1, keepdim=True)
        return centred * torch.rsqrt((centred**2).mean(1, keepdim=True) + EPSILON) * self.weight + self.bias


def _gated(x: Tensor) -> Tensor:
    """The product of the two halves of the channels."""
    one, other = x.chunk(2, dim=1)
    return one * other
