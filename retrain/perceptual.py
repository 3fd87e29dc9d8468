"""The network whose features the perceptual loss of a training compares."""

from torch import nn

from ..errors import MfpsError
from ..networks.vgg16 import load_vgg16
from ..networks.vgg19 import load_vgg19
from .config import RetrainConfig

VGG16_LEAST_PX = 24
"""Smaller faces leave maps that are narrower than the border which the shift-tolerant VGG16 mirrors."""


def perceptual_network(config: RetrainConfig) -> nn.Module | None:
    """The network with its weights, frozen and in eval mode; None if there is no perceptual loss.

    Args:
        config: the training's.

    Raises:
        MfpsError: the weights are missing or others, or the faces are too small for the network.
    """
    if config.perceptual == 0:
        return None
    if config.perceptual_network == "vgg19":
        return load_vgg19(config.vgg19)
    if config.size < VGG16_LEAST_PX:
        raise MfpsError(
            f"`perceptual_network` vgg16 needs faces of {VGG16_LEAST_PX} pixels or more, and `size` is {config.size}; "
            "take larger faces or vgg19"
        )
    return load_vgg16(config.vgg16, config.weights_dir)
