"""Facial landmarks: the numbering schemes as data."""

from dataclasses import dataclass

from ...errors import MAX_VALUE, MfpsError, shortened

_IBUG68_PAIRS = (
    *((i, 16 - i) for i in range(8)),  # jaw; 8 is the chin
    *((17 + i, 26 - i) for i in range(5)),  # brows
    *((31, 35), (32, 34)),  # nostrils
    *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),  # eyes
    *((48, 54), (49, 53), (50, 52), (55, 59), (56, 58)),  # outer lips
    *((60, 64), (61, 63), (65, 67)),  # inner lips
)
_LFPW29_PAIRS = (
    *((0, 1), (2, 3), (4, 6), (5, 7)),  # brows: outer end, inner end, upper and lower middle
    *((8, 9), (10, 11), (12, 14), (13, 15), (16, 17)),  # eyes: outer corner, inner corner, lids, pupil
    *((18, 19), (22, 23)),  # nostrils, mouth corners
)
_WFLW98_PAIRS = (
    *((i, 32 - i) for i in range(16)),  # jaw; 16 is the chin
    *((33, 46), (34, 45), (35, 44), (36, 43), (37, 42), (38, 50), (39, 49), (40, 48), (41, 47)),  # brows
    *((55, 59), (56, 58)),  # nostrils
    *((60, 72), (61, 71), (62, 70), (63, 69), (64, 68), (65, 75), (66, 74), (67, 73)),  # eyes
    *((76, 82), (77, 81), (78, 80), (83, 87), (84, 86)),  # outer lips
    *((88, 92), (89, 91), (93, 95)),  # inner lips
    (96, 97),  # pupils
)


@dataclass(frozen=True)
class LandmarkScheme:
    """How many points a face has and what a horizontal flip does to their numbers."""

    name: str
    count: int
    flip_pairs: tuple[tuple[int, int], ...] | None = None
    """Points that a horizontal flip swaps (those on the midline are not named); None where this is not known."""

    def flip_order(self) -> tuple[int, ...]:
        """For each point of a flipped face, the number of the point it was before.

        Raises:
            MfpsError: the scheme does not say which points mirror each other.
        """
        if self.flip_pairs is None:
            raise MfpsError(f"landmark scheme {self.name}: it is not known which points mirror each other")
        order = list(range(self.count))
        for left, right in self.flip_pairs:
            order[left], order[right] = right, left
        return tuple(order)


SCHEMES = (
    LandmarkScheme("ibug68", 68, _IBUG68_PAIRS),
    LandmarkScheme("lfpw29", 29, _LFPW29_PAIRS),
    LandmarkScheme("wflw98", 98, _WFLW98_PAIRS),
)
"""The schemes known by name and by count; "left" is where the picture's left is, on an upright frontal face."""

DETECTED_SCHEME = "ibug68"
"""What the landmark detector finds."""


def scheme_of_count(count: int) -> LandmarkScheme:
    """The known scheme with that many points, otherwise a custom one called `points-<count>`.

    Raises:
        MfpsError: the count is not positive.
    """
    if count < 1:
        raise MfpsError(f"a landmark scheme needs at least one point, not {count}")
    known = {scheme.count: scheme for scheme in SCHEMES}
    return known.get(count, LandmarkScheme(f"points-{count}", count))


def scheme_of_name(name: str) -> LandmarkScheme:
    """The scheme called `ibug68`, `lfpw29` or `wflw98`, or a custom `points-<count>`.

    Raises:
        MfpsError: there is no scheme of that name.
    """
    known = {scheme.name: scheme for scheme in SCHEMES}
    if name in known:
        return known[name]
    count = name.removeprefix("points-")
    if count != name and count.isascii() and count.isdigit() and len(count) <= 4 and int(count) > 0:
        return LandmarkScheme(name, int(count))
    shown = shortened(repr(name), MAX_VALUE)
    raise MfpsError(f"landmark scheme {shown} is not known; use {', '.join(known)} or points-<count>")
