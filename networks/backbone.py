"""The layers around the paths, at the depth and width of a backbone."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from ..genotypes.backbone import Backbone, share_of
from .nested import Parts, convolve
from .residual_dense import ResidualDenseBlock


class BackboneSizes(NamedTuple):
    """How deep and wide the layers around the paths are, in blocks and channels."""

    encoder_blocks: int
    refine_blocks: int
    hidden: int
    """Between the two convolutions of re-distillation."""
    restored: int
    """Of the re-restoring convolutions."""

    @classmethod
    def of(cls, backbone: Backbone, features: int) -> "BackboneSizes":
        """Those of a backbone around `features` channels on the encoder's grid."""
        hidden, restored = share_of(8 * features, backbone.redistill), share_of(features, backbone.restore)
        return cls(backbone.encoder_blocks, backbone.refine_blocks, hidden, restored)


def residual_blocks(features: int, count: int) -> nn.Sequential:
    """Residual dense blocks of `features` channels, one after the other; their growth is half of that."""
    return nn.Sequential(*(ResidualDenseBlock(features, features // 2) for _ in range(count)))


def first_blocks(blocks: nn.Sequential, count: int, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
    """Run the first `count` blocks; the shape is unchanged."""
    return (blocks if count == len(blocks) else blocks[:count])(x)


def through_hidden(
    layers: nn.Sequential, x: Float[Tensor, "B _ H W"], hidden: int, parts: Parts = (1, 1)
) -> Float[Tensor, "B _ _ _"]:
    """Run layers of which two are convolutions, or the slice of them with fewer channels between the two.

    Args:
        layers: the whole ones.
        x: features with as many channels as the first convolution takes, or fewer.
        hidden: channels between the two convolutions.
        parts: of which the channels before and after the first one consist.
    """
    first, last = (layer for layer in layers if isinstance(layer, nn.Conv2d))
    if hidden == first.out_channels:
        return layers(x)
    for layer in layers:
        if layer is first:
            x = convolve(first, x, hidden, parts)
        else:
            x = convolve(last, x, last.out_channels) if layer is last else layer(x)
    return x
