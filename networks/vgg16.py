"""VGG16's convolutional features, for a perceptual loss and for facial dictionaries: a package holds their weights.

See `perceptual_trunk`.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..files.external_weights import find_weights
from .perceptual_trunk import PerceptualTrunk
from .shift_tolerant_file import ST_LPIPS, load_shift_tolerant
from .vgg19 import IMAGENET_MEAN, IMAGENET_STD


class VGG16Features(nn.Module):
    """VGG16 up to conv5_3, the last convolution, before its ReLU.

    Args:
        trunk: one of VGG16's, with its weights.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: PerceptualTrunk) -> None:
        super().__init__()
        self.features = nn.Sequential(*[layer for stage in trunk.stages for layer in stage.children()][:-1])
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 512 h w"]:
        """Features of RGB images in [0, 1], normalised as ImageNet's."""
        return self.features((image - self.mean) / self.std)


def load_vgg16(file: Path | None, folder: Path | None = None) -> VGG16Features:
    """The shift-tolerant VGG16 with its weights, frozen and in eval mode.

    Args:
        file: its weights, or the wheel of the package that holds them; None looks for them as `find_weights` does.
        folder: a weights folder that the user named.

    Raises:
        MfpsError: the file is missing or another one.
    """
    trunk, _ = load_shift_tolerant(file or find_weights(ST_LPIPS, folder))
    return VGG16Features(trunk).eval()
