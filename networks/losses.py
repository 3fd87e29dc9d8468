"""Losses: pixel terms and the perceptual term, summed over every iteration's output.

Source: the paper's search uses smooth L1, its training L1 + 0.005 perceptual.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import MfpsError
from .cell import sum_in_order

PIXEL_LOSSES = {"l1": F.l1_loss, "smooth_l1": F.smooth_l1_loss}
"""Pixel terms by name; both are means over pixels and channels."""


def perceptual_loss(
    features: nn.Module, output: Float[Tensor, "B 3 H W"], clean: Float[Tensor, "B 3 H W"]
) -> Float[Tensor, ""]:
    """L1 distance of the features of two images in [0, 1]: those of VGG19's conv5_4, or of VGG16's conv5_3."""
    return F.l1_loss(features(output), features(clean))


def restoration_loss(
    outputs: Sequence[Float[Tensor, "B 3 H W"]],
    clean: Float[Tensor, "B 3 H W"],
    pixel: str,
    perceptual: float = 0.0,
    vgg: nn.Module | None = None,
) -> dict[str, Float[Tensor, ""]]:
    """The loss terms of all iterations: every output is supervised, with equal weight.

    Args:
        outputs: the output of each iteration.
        clean: the clean faces, which the outputs should equal.
        pixel: a name in `PIXEL_LOSSES`.
        perceptual: weight of the perceptual term; 0 leaves it out.
        vgg: `VGG19Features` or `VGG16Features`, needed for the perceptual term.

    Returns:
        The weighted terms by name; their sum is the loss.

    Raises:
        MfpsError: there is a perceptual term but no `vgg`.
    """
    terms = {pixel: sum_in_order([PIXEL_LOSSES[pixel](output, clean) for output in outputs])}
    if perceptual > 0:
        if vgg is None:
            raise MfpsError(
                "the perceptual loss needs VGG19's weights: name the file as `vgg19`, or set `perceptual` to 0"
            )
        terms["perceptual"] = perceptual * sum_in_order([perceptual_loss(vgg, output, clean) for output in outputs])
    return terms
