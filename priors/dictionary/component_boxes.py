"""Where the parts of a face are: one square box each for the two eyes with their brows, the nose and the mouth.

Source: Li et al., "Blind Face Restoration via Deep Multi-scale Component Dictionaries", ECCV 2020 (DFDNet), which
defines them for `ibug68`; for the other schemes, the points at the same places are used.
"""

import numpy as np

from ...errors import MfpsError
from ..landmarks.schemes import scheme_of_name

PARTS = ("left_eye", "right_eye", "nose", "mouth")
"""The parts, in the order that is used everywhere; "left" is the picture's left."""

MIN_HALF_SIDE_PX_AT_512 = 16
"""Half the side of the smallest box on a face of 512 pixels, in pixels."""

_POINTS = {
    "ibug68": (
        (*range(17, 22), *range(36, 42)),
        (*range(22, 27), *range(42, 48)),
        tuple(range(29, 36)),
        tuple(range(48, 68)),
    ),
    "lfpw29": (
        (0, 2, 4, 5, 8, 10, 12, 13, 16),
        (1, 3, 6, 7, 9, 11, 14, 15, 17),
        (18, 19, 20, 21),
        tuple(range(22, 28)),
    ),
    "wflw98": (
        (*range(33, 42), *range(60, 68), 96),
        (*range(42, 51), *range(68, 76), 97),
        tuple(range(53, 60)),
        tuple(range(76, 96)),
    ),
}
"""The landmarks of each part, by scheme: brow and eye, lower bridge and base of the nose, both lips."""


def component_boxes(points: np.ndarray, scheme: str, size: int) -> np.ndarray:
    """The boxes of a face's parts, by DFDNet's rule.

    A box is centred at the mean of its part's points; half its side is half their larger extent, and at least 16
    pixels on a face of 512. A box that would leave the picture is moved back inside, so that it stays square.

    Args:
        points: (K, 2) landmarks in pixels of the face, 0 at the centre of the first pixel; NaN where one is missing.
        scheme: `ibug68`, `lfpw29` or `wflw98`.
        size: side of the face's picture in pixels.

    Returns:
        float32 (4, 4), for each of `PARTS` the left, top, right and bottom edge in pixels, between -0.5 and size - 0.5.
        NaN where more than half of a part's points are missing, or where their mean is outside the picture.

    Raises:
        MfpsError: the scheme is a different one, the points do not match it, or the size is not positive.
    """
    if scheme not in _POINTS:
        raise MfpsError(
            f"landmark scheme {scheme!r} does not say which points are eyes, nose and mouth; use {', '.join(_POINTS)}"
        )
    count = scheme_of_name(scheme).count
    if points.shape != (count, 2):
        raise MfpsError(f"the scheme {scheme} has {count} points (x, y), not an array of shape {points.shape}")
    if size < 1:
        raise MfpsError(f"size {size}: a face needs at least one pixel")
    boxes = [_box(np.asarray(points, np.float64)[list(numbers)], size) for numbers in _POINTS[scheme]]
    return np.array(boxes, np.float32)


def _box(points: np.ndarray, size: int) -> np.ndarray:
    found = points[np.isfinite(points).all(1)]
    if 2 * len(found) < len(points):
        return np.full(4, np.nan)
    centre = found.mean(0)
    # A part beyond the edge has no box: one moved inside would show something else.
    if (centre < -0.5).any() or (centre > size - 0.5).any():
        return np.full(4, np.nan)
    half = max(np.ptp(found, axis=0).max() / 2, MIN_HALF_SIDE_PX_AT_512 * size / 512)
    half = min(half, size / 2)
    centre = np.clip(centre, half - 0.5, size - 0.5 - half)
    return np.concatenate([centre - half, centre + half])
