"""The picture to which the network's output is added: nothing as published, the input, or a low-pass of it.

With a base the network learns the difference to a picture that is roughly right already, and not what a face looks like
at all. A deviation from the paper, off for the published network.
"""

from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..genotypes.base import Base


def begin_as_base(last: nn.Conv2d, base: Base) -> None:
    """Make the last convolution of a network zero, so that the network begins as its base; not without one."""
    if base != "none":
        for parameter in last.parameters():
            nn.init.zeros_(parameter)


def first_base(
    image: Float[Tensor, "B 3 H W"], base: Literal["input", "lowpass"], window: int
) -> Float[Tensor, "B 3 H W"]:
    """The base of the first iteration.

    Args:
        image: degraded faces.
        base: `input` is the degraded face itself; `lowpass` has less of its noise and its blocks.
        window: side in pixels of the squares that `lowpass` averages over.
    """
    return image if base == "input" else low_pass(image, window)


def low_pass(image: Float[Tensor, "B C H W"], window: int) -> Float[Tensor, "B C H W"]:
    """Average over squares of `window` x `window` pixels, brought back to the picture's size bilinearly."""
    averaged = F.avg_pool2d(image, window)
    return F.interpolate(averaged, size=image.shape[-2:], mode="bilinear", align_corners=False)
