"""Convert landmarks from one scheme to another, where the points coincide and nothing has to be guessed."""

import numpy as np

from ...errors import MfpsError
from .alignment import five_points
from .schemes import scheme_of_name

FIVE = "five"
"""Left eye, right eye, nose tip, left and right mouth corner, as `alignment.five_points` returns them."""

WFLW98_OF_IBUG68 = {
    **{number: 2 * number for number in range(17)},  # jaw: every other point of 33 evenly spaced ones
    **{17: 33, 26: 46},  # outer ends of the brows
    **{number: number + 24 for number in range(27, 36)},  # nose
    **{36: 60, 39: 64, 42: 68, 45: 72},  # corners of the eyes
    **{number: number + 28 for number in range(48, 68)},  # lips
}
"""The point of wflw98 at the same place of the face, for 52 of the 68 points of ibug68.

Source: the points that the two usual conversions have in common, facexlib's `landmark_98_to_68` and the 98-to-68 tables
of WFLW code (0, 2, ..., 32, 33-37, 42-46, 51-59, 60, 61, 63, 64, ...), without the eyelids. The other brow points
are in dispute: WFLW follows both rims of a brow, iBUG one line, and one conversion takes the upper rim, the other the
middle of both. An eyelid has three points in WFLW and two in iBUG, at a quarter and at a third of its length: both take
the nearest, which is a different place.
"""

CONVERSIONS = (
    f"ibug68, lfpw29 or wflw98 to {FIVE}; wflw98 to ibug68 (52 of 68 points, the others missing); any scheme to itself"
)
"""What `convert_points` can do, for messages."""


def convert_points(points: np.ndarray, source: str, target: str) -> np.ndarray:
    """Convert a face's landmarks to another scheme.

    wflw98 to ibug68 leaves the brows' inner points and the eyelids out (NaN), see `WFLW98_OF_IBUG68`: align a face
    first, because its eyes cannot be located afterwards.

    Args:
        points: (K, 2), x and y in pixels, NaN where a point is missing.
        source: their scheme, a name of `landmarks.scheme_of_name` or `five`.
        target: the scheme to convert to, likewise.

    Returns:
        float64 (K', 2), NaN where a point is missing or the source does not have it.

    Raises:
        MfpsError: there is no exact conversion, a scheme is unknown, or the points do not match it.
    """
    points = np.asarray(points, np.float64)
    shape = (_count(source), 2)
    _count(target)
    if points.shape != shape:
        raise MfpsError(f"the landmark scheme {source} has points of shape {shape}, not {points.shape}")
    if source == target:
        return points.copy()
    if target == FIVE and source in ("ibug68", "lfpw29", "wflw98"):
        return five_points(points, source)
    if (source, target) == ("wflw98", "ibug68"):
        converted = np.full((68, 2), np.nan)
        converted[list(WFLW98_OF_IBUG68)] = points[list(WFLW98_OF_IBUG68.values())]
        return converted
    raise MfpsError(
        f"landmarks of the scheme {source} cannot be converted to {target} exactly; possible conversions: {CONVERSIONS}"
    )


def _count(scheme: str) -> int:
    return 5 if scheme == FIVE else scheme_of_name(scheme).count
