"""From a photograph to its faces: aligned, checked and cut out, with landmarks and labels moved along."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import cv2
import numpy as np

from ..errors import MfpsError
from ..images.image import fit_square
from ..priors.landmarks.alignment import align_face, alignment

MAX_OUTSIDE = 0.25
"""Share of an aligned face that may lie outside its photograph, where pixels are mirrored."""


class CutRules(NamedTuple):
    """How faces are cut, and which are kept."""

    size: int
    """Side of the cut faces in pixels."""
    aligned: bool
    """The photographs are already aligned faces: keep their middle square as it is."""
    least_side: int
    """Smallest side of a face's square in its photograph, in pixels; a smaller one is dropped."""


class CutFace(NamedTuple):
    """A face that was kept."""

    name: str
    """Posix path below `images/`, ending in .png."""
    image: np.ndarray
    """uint8 (size, size, 3) RGB."""
    points: np.ndarray | None
    """float64 (K, 2) in its pixels, NaN where one is missing; None where there are no landmarks."""
    matrix: np.ndarray
    """float64 (2, 3): face = matrix @ (x, y, 1) of the photograph."""


class CutPhotograph(NamedTuple):
    """The result of cutting one photograph."""

    faces: tuple[CutFace, ...]
    dropped: tuple[str, ...]
    """The reason for each face that was not kept, or for the whole photograph, one line each."""


def cut_photograph(
    image: np.ndarray, name: str, faces: Sequence[np.ndarray], scheme: str, rules: CutRules
) -> CutPhotograph:
    """Cut every face out of a photograph.

    Args:
        image: uint8 (H, W, 3) RGB.
        name: the photograph, a posix path; a single face is named after it, several get `_0`, `_1` and so on.
        faces: landmarks (K, 2) of each face in the photograph's pixels; may be empty with `rules.aligned`.
        scheme: their scheme.
        rules: size, alignment, least side.
    """
    if rules.aligned and len(faces) > 1:
        return CutPhotograph((), (f"{len(faces)} faces in what should be one aligned face",))
    if not faces and not rules.aligned:
        return CutPhotograph((), ("no landmarks: none were given or found for this photograph",))
    kept: list[CutFace] = []
    dropped: list[str] = []
    stem = PurePosixPath(name).with_suffix("").as_posix()
    for number, points in enumerate(faces or [None]):
        face_name = f"{stem}.png" if len(faces) < 2 else f"{stem}_{number}.png"
        try:
            kept.append(CutFace(face_name, *_cut(image, points, scheme, rules)))
        except MfpsError as error:
            dropped.append(f"face {number}: {error}" if len(faces) > 1 else str(error))
    return CutPhotograph(tuple(kept), tuple(dropped))


def cut_labels(labels: np.ndarray, photograph: tuple[int, int], matrix: np.ndarray, size: int) -> np.ndarray:
    """The label map of a cut face, by nearest neighbour; 0 outside the photograph.

    Args:
        labels: uint8 (h, w), of the whole photograph, at any size of its proportions.
        photograph: width and height of the photograph in pixels.
        matrix: that of the face, see `CutFace`.
        size: side of the face in pixels.
    """
    height, width = labels.shape
    scale_x, scale_y = photograph[0] / width, photograph[1] / height
    lift = np.array([[scale_x, 0, (scale_x - 1) / 2], [0, scale_y, (scale_y - 1) / 2], [0, 0, 1]])
    return cv2.warpAffine(labels, (matrix @ lift), (size, size), flags=cv2.INTER_NEAREST, borderValue=(0.0,))


def _cut(
    image: np.ndarray, points: np.ndarray | None, scheme: str, rules: CutRules
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """The face, its landmarks and its matrix.

    Raises:
        MfpsError: the face is dropped; the message is the reason.
    """
    height, width = image.shape[:2]
    if rules.aligned or points is None:
        side = min(height, width)
        if side < rules.least_side:
            raise MfpsError(f"too small: {side} pixels, at least {rules.least_side} are kept (`least_side`)")
        face, fit = fit_square(image, rules.size, enlarge=True)
        # fit.move as a matrix: x' = (x + 0.5 - dx) * scale - 0.5.
        shifts = [(0.5 - cut) * fit.scale - 0.5 for cut in (fit.dx, fit.dy)]
        matrix = np.array([[fit.scale, 0, shifts[0]], [0, fit.scale, shifts[1]]])
        return face, None if points is None else fit.move(np.asarray(points, np.float64)), matrix
    matrix = alignment(points, scheme, rules.size)
    side = rules.size / float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if side < rules.least_side:
        raise MfpsError(f"too small: {side:.0f} pixels, at least {rules.least_side} are kept (`least_side`)")
    outside = _share_outside(matrix, (width, height), rules.size)
    if outside > MAX_OUTSIDE:
        raise MfpsError(f"at the border: {outside:.1%} of it lies outside the photograph (at most {MAX_OUTSIDE:.0%})")
    face, moved = align_face(image, points, scheme, rules.size)
    return face, moved, matrix


def _share_outside(matrix: np.ndarray, photograph: tuple[int, int], size: int) -> float:
    """The share of the face's square that no pixel of the photograph covers."""
    there = np.ones((64, 64), np.uint8)
    grid = np.array([[photograph[0] / 64, 0, 0], [0, photograph[1] / 64, 0], [0, 0, 1]])
    covered = cv2.warpAffine(there, matrix @ grid, (size, size), flags=cv2.INTER_NEAREST, borderValue=(0.0,))
    return 1 - float(covered.mean())
