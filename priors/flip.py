"""Horizontal flips of landmarks, label maps and boxes: what was called left is called right afterwards.

Coordinates are x, y in pixels, 0 at the centre of the first pixel: the mirror image of x is width - 1 - x.
"""

from collections.abc import Sequence

import numpy as np

from ..errors import MfpsError
from .landmarks.schemes import scheme_of_name
from .parsing.classes import CELEBAMASK_FLIP_PAIRS


def flip_points(points: np.ndarray, width: int | float, scheme_name: str) -> np.ndarray:
    """Mirror landmarks and renumber them, so that point k is the same part of the mirrored face.

    Args:
        points: (K, 2), x and y in pixels, NaN where a point is missing.
        width: width of the picture in pixels.
        scheme_name: name of their scheme, see `landmarks.scheme_of_name`.

    Returns:
        A new array of the same shape and floating type.

    Raises:
        MfpsError: the scheme is unknown or does not say which points mirror each other, or the points do not match it.
    """
    scheme = scheme_of_name(scheme_name)
    if points.shape != (scheme.count, 2):
        raise MfpsError(f"the scheme {scheme_name} has points of shape {(scheme.count, 2)}, not {points.shape}")
    flipped = points[list(scheme.flip_order())]
    flipped[:, 0] = width - 1 - flipped[:, 0]
    return flipped


def flip_labels(labels: np.ndarray, pairs: Sequence[tuple[int, int]] = CELEBAMASK_FLIP_PAIRS) -> np.ndarray:
    """Mirror a label map and swap its left and right classes.

    Args:
        labels: uint8 (h, w), class numbers.
        pairs: classes that swap; by default those of CelebAMask-HQ.

    Returns:
        A new uint8 (h, w).

    Raises:
        MfpsError: the map has a different shape or type, or a class is in two pairs or beyond 255.
    """
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise MfpsError(f"a label map is uint8 (h, w), not {labels.dtype} {labels.shape}; store class numbers")
    named = [label for pair in pairs for label in pair]
    if len(set(named)) < len(named) or any(not 0 <= label <= 255 for label in named):
        raise MfpsError(f"the classes {list(pairs)} cannot be swapped: each must be in one pair, and from 0 to 255")
    new_class = np.arange(256, dtype=np.uint8)
    for left, right in pairs:
        new_class[left], new_class[right] = right, left
    return new_class[labels[:, ::-1]]


def flip_boxes(boxes: np.ndarray, width: int | float) -> np.ndarray:
    """Mirror boxes of (left, top, right, bottom), the first and last column and row in pixels.

    Args:
        boxes: (..., 4).
        width: width of the picture in pixels.

    Returns:
        A new array of the same shape and type, left still before right.

    Raises:
        MfpsError: the last axis is not of length 4.
    """
    if boxes.shape[-1:] != (4,):
        raise MfpsError(f"a box is left, top, right and bottom, not an array of shape {boxes.shape}")
    flipped = boxes[..., [2, 1, 0, 3]]
    flipped[..., [0, 2]] = width - 1 - flipped[..., [0, 2]]
    return flipped
