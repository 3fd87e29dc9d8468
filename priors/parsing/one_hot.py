"""The tensor of a label map: a channel for each class.

Shapes: B batch, C classes, h and w pixels of the label map, size pixels of the tensor.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor

from ...errors import MfpsError


def one_hot_parsing(labels: Integer[Tensor, "B h w"], classes: int, size: int) -> Float[Tensor, "B C size size"]:
    """Turn label maps into the network's parsing prior: one-hot, then resized bilinearly with align_corners=True.

    Args:
        labels: class numbers below `classes`, on any device.
        classes: number of channels.
        size: side of the result in pixels.

    Returns:
        float32 in [0, 1]; the channels of a pixel sum to 1.

    Raises:
        MfpsError: a label lies outside 0 to `classes` - 1.

    Source: the published parsing prior of MFPSNet, 19 classes, argmax at 512, stored at 128.
    """
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= classes:
        wrong = lowest if lowest < 0 else highest
        raise MfpsError(f"the label map holds class {wrong}; {classes} classes go from 0 to {classes - 1}")
    one_hot = F.one_hot(labels.long(), classes).permute(0, 3, 1, 2).to(torch.float32)
    if one_hot.shape[-2:] == (size, size):
        return one_hot
    return F.interpolate(one_hot, size=(size, size), mode="bilinear", align_corners=True)
