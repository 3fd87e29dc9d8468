"""Whether pictures are aligned face crops or whole photographs, which decides what is done with them.

Aligned crops are square. A picture that is not, or whose face stands elsewhere than alignment would put it, is a whole
photograph, and then all of its folder are.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import MAX_PLACE, MfpsError, shortened
from ...images.image import image_size, read_image
from ...priors.landmarks.alignment import alignment
from ...priors.landmarks.detector import DetectedFace, LandmarkDetector
from ...priors.landmarks.schemes import DETECTED_SCHEME

LEAST_WHOLE_PX = 64
"""A picture with a shorter side is a crop: nobody keeps such photographs, and no detector finds a face in them."""

MOST_SEARCHED = 32
"""Squares in which faces are searched; more would keep people waiting."""

MOST_SCALE, MOST_TURN, MOST_SHIFT = 1.7, 0.5, 0.35
"""How far a crop's face may be from where alignment would put it: by how much it is too small, its turn in radians, and
its shift as a share of the side.

Measured with dlib on 1,917 aligned crops of 128 and 512 pixels (LFW, CelebA-HQ, FFHQ and old photographs) in which it
finds a face: at most 1.41, 0.31 and 0.28. Faces of whole photographs that are square had 2.25 and more."""


class Verdict(NamedTuple):
    """What the pictures are."""

    whole: bool
    """Whole photographs, or face crops."""
    reason: str
    """Why, in one line; empty where nothing had to be decided."""
    detector: LandmarkDetector | None = None
    """The detector, if it was opened."""


def crops_or_whole(
    folder: Path, names: Sequence[str], size: int, open_detector: Callable[[], LandmarkDetector | None]
) -> Verdict:
    """Decide what the pictures of a folder are; the first whole photograph decides.

    Faces are searched in squares only, and in at most `MOST_SEARCHED` of them, spread over the folder. A picture that
    cannot be read decides nothing.

    Args:
        folder: where they lie.
        names: the pictures.
        size: side of the faces that the network restores; squares of that side are crops.
        open_detector: opens what finds faces; None if nothing does. It is not called where headers are enough.
    """
    squares: list[str] = []
    for name in names:
        try:
            width, height = image_size(folder / name)
        except MfpsError:
            continue
        if min(width, height) < LEAST_WHOLE_PX or width == height == size:
            continue
        if width != height:
            return _whole(open_detector(), f"{shortened(name, MAX_PLACE)} is not square, as face crops are")
        squares.append(name)
    if not squares:
        return Verdict(False, "")
    detector = open_detector()
    if detector is None:
        return _whole(detector, "")
    for name in squares[:: -(-len(squares) // MOST_SEARCHED)]:
        try:
            picture = read_image(folder / name)
            elsewhere = is_elsewhere(detector.detect(picture), len(picture))
        except MfpsError:
            continue
        if elsewhere:
            return _whole(detector, f"the face in {shortened(name, MAX_PLACE)} is not placed as in a face crop")
    many = "every picture is" if len(names) > 1 else "the picture is"
    return Verdict(False, f"face crops: {many} square, with a face in its usual place or none that is found", detector)


def _whole(detector: LandmarkDetector | None, why: str) -> Verdict:
    if detector is None:
        return Verdict(False, "no face detector is at hand, so the pictures are taken to be face crops")
    return Verdict(True, f"whole photographs: {why}", detector)


def is_elsewhere(faces: Sequence[DetectedFace], side: int) -> bool:
    """Whether the largest face of a square picture stands elsewhere than in an aligned crop; not where there is none.

    Args:
        faces: those found in it.
        side: of the picture, in pixels.
    """
    placed = []
    for face in faces:
        try:
            placed.append(alignment(face.points, DETECTED_SCHEME, side))
        except MfpsError:
            continue
    if not placed:
        return False
    matrix = min(placed, key=lambda one: float(np.hypot(one[0, 0], one[1, 0])))
    scale, turn = float(np.hypot(matrix[0, 0], matrix[1, 0])), float(np.arctan2(matrix[1, 0], matrix[0, 0]))
    middle = np.full(2, (side - 1) / 2)
    shift = float(np.hypot(*(matrix[:, :2] @ middle + matrix[:, 2] - middle))) / side
    return scale > MOST_SCALE or abs(turn) > MOST_TURN or shift > MOST_SHIFT
