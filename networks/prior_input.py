"""What brings a prior to the width of its branch's path."""

from itertools import pairwise

from torch import nn

from ..genotypes.prior_branches import PRIOR_BRANCHES


def prior_input(name: str, channels: int, width: int) -> nn.Module:
    """One convolution with the picture, three for a feature map alone.

    Args:
        name: of the prior.
        channels: of its tensor.
        width: of the path.
    """
    if PRIOR_BRANCHES[name].with_picture:
        return nn.Conv2d(3 + channels, width, 3, padding=1)
    # Evenly spaced and even: 256 -> 174 -> 90 -> 8 as published.
    steps = [channels + (width - channels) * i / 3 for i in range(4)]
    sizes = [channels, 2 * round(steps[1] / 2), 2 * round(steps[2] / 2), width]
    return nn.Sequential(*(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(sizes)))
