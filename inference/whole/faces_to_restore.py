"""From the faces found in a photograph to those that are restored, cut out and aligned as FFHQ's are."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from ...errors import MfpsError
from ...priors.landmarks.alignment import align_face, alignment
from ...priors.landmarks.detector import DetectedFace
from ...priors.landmarks.schemes import DETECTED_SCHEME

LEAST_INSIDE = 0.75
"""Share of a face's landmarks that must lie in the photograph; beyond its border they are guessed."""


class FaceRules(NamedTuple):
    """Which faces are restored."""

    size: int
    """Side in pixels of the faces that the network takes."""
    which: Literal["all", "largest", "centre"] = "all"
    least_side: int = 32
    """Least side of a face's square in the photograph, in pixels."""


class FaceToRestore(NamedTuple):
    """A face of a photograph."""

    picture: np.ndarray
    """uint8 (size, size, 3), sRGB."""
    matrix: np.ndarray
    """float64 (2, 3): picture = matrix @ (x, y, 1) of the photograph."""
    points: np.ndarray
    """float64 (68, 2), landmarks in pixels of the photograph."""
    side: float
    """Of its square in the photograph, in pixels."""
    score: float
    """How certain the detector is."""


class Faces(NamedTuple):
    """The faces of a photograph."""

    restored: tuple[FaceToRestore, ...]
    """Those to restore, the most certain first."""
    left: tuple[str, ...]
    """One line for each that is left as it is, with the reason."""
    others: int
    """How many were not asked for."""


def faces_to_restore(colour: np.ndarray, found: Sequence[DetectedFace], rules: FaceRules) -> Faces:
    """Choose the faces to restore, and cut them out.

    Args:
        colour: the photograph, uint8 (H, W, 3), sRGB.
        found: its faces, the most certain first.
        rules: which of them are restored.
    """
    height, width = colour.shape[:2]
    able: list[tuple[DetectedFace, float]] = []
    left: list[str] = []
    for number, face in enumerate(found, 1):
        try:
            able.append((face, _side(face, (width, height), rules)))
        except MfpsError as error:
            left.append(f"face {number}: {error}")
    chosen = able
    if rules.which == "largest":
        chosen = sorted(able, key=lambda one: -one[1])[:1]
    elif rules.which == "centre":
        middle = np.array([width - 1, height - 1]) / 2
        chosen = sorted(able, key=lambda one: float(np.hypot(*(np.nanmean(one[0].points, 0) - middle))))[:1]
    cut = []
    for face, side in chosen:
        picture, _ = align_face(colour, face.points, DETECTED_SCHEME, rules.size)
        matrix = alignment(face.points, DETECTED_SCHEME, rules.size)
        cut.append(FaceToRestore(picture, matrix, face.points, side, face.score))
    return Faces(tuple(cut), tuple(left), len(able) - len(chosen))


def _side(face: DetectedFace, photograph: tuple[int, int], rules: FaceRules) -> float:
    """The side of a face's square in the photograph.

    Raises:
        MfpsError: the face is left as it is; the message is the reason.
    """
    try:
        matrix = alignment(face.points, DETECTED_SCHEME, rules.size)
    except MfpsError:
        raise MfpsError("no landmarks say where it is") from None
    there = face.points[np.isfinite(face.points).all(1)]
    inside = ((there >= -0.5) & (there <= np.array(photograph) - 0.5)).all(1).mean()
    if inside < LEAST_INSIDE:
        raise MfpsError(f"at the border: {1 - inside:.0%} of its landmarks lie outside the photograph")
    side = rules.size / float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if side < rules.least_side:
        raise MfpsError(f"too small: its square has {side:.0f} pixels, at least {rules.least_side} are restored")
    return side
