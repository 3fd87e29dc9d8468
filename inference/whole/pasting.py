"""A restored face pasted back into its photograph: the inverse of its alignment, under a soft mask.

The mask is the convex hull of the landmarks, raised over the forehead, where no landmark is. Its weight grows from 0 at
its edge to 1 inside; beyond it no pixel changes.
"""

from typing import NamedTuple

import numpy as np

from .faces_to_restore import FaceToRestore

BROWS = slice(17, 27)
"""The landmarks of the brows, among the 68 that the detectors find."""

FOREHEAD = 0.35
"""How far the mask is raised above the brows, as a share of their distance from the chin; a forehead has about half."""

FEATHER = 0.08
"""How wide the mask's soft edge is, as a share of the side of the face's square."""

_FRACTION_BITS = 4
"""OpenCV draws corners at fractions of a pixel in this many bits."""


class Mask(NamedTuple):
    """Where a face is pasted, and how strongly."""

    left: int
    """The first column of its region in the photograph."""
    top: int
    weights: np.ndarray
    """float32 (h, w), 0 to 1; the region lies in the photograph."""


def mask_corners(face: FaceToRestore) -> np.ndarray:
    """The corners of a face's mask in pixels of the photograph, float64 (N, 2), in order.

    Args:
        face: the face.
    """
    import cv2

    matrix, size = face.matrix, len(face.picture)
    points = face.points[np.isfinite(face.points).all(1)] @ matrix[:, :2].T + matrix[:, 2]
    brows = face.points[BROWS] @ matrix[:, :2].T + matrix[:, 2]
    brows = brows[np.isfinite(brows).all(1)]
    if len(brows):
        raised = brows - np.array([0, FOREHEAD * max(points[:, 1].max() - brows[:, 1].mean(), 0)])
        points = np.vstack([points, raised])
    # What lies outside of the cut face was never restored.
    hull = cv2.convexHull(np.clip(points, 0, size - 1).astype(np.float32))[:, 0].astype(np.float64)
    return (hull - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T


def face_mask(face: FaceToRestore, extent: tuple[int, int]) -> Mask:
    """The mask of a face.

    Args:
        face: the face.
        extent: width and height of the photograph in pixels.
    """
    import cv2

    corners = mask_corners(face)
    first = np.floor(corners.min(0)).astype(int) - 1
    width, height = np.ceil(corners.max(0)).astype(int) + 2 - first
    filled = np.zeros((height, width), np.uint8)
    fixed = np.rint((corners - first) * 2**_FRACTION_BITS).astype(np.int32)
    cv2.fillConvexPoly(filled, fixed, 1, shift=_FRACTION_BITS)
    # The border of the photograph is no edge of the mask: a face that goes on beyond it is pasted up to it.
    depth = cv2.distanceTransform(filled, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.clip(depth / max(FEATHER * face.side, 1), 0, 1)
    weights = (share * share * (3 - 2 * share)).astype(np.float32)
    begin, end = np.clip([first, first + np.array([width, height])], 0, extent)
    (x0, y0), (x1, y1) = begin - first, end - first
    return Mask(int(begin[0]), int(begin[1]), weights[y0:y1, x0:x1])


def paste(photograph: np.ndarray, restored: np.ndarray, face: FaceToRestore, blend: float = 1.0) -> None:
    """Paste a restored face into its photograph, in place.

    Args:
        photograph: uint8 (H, W, 3), changed only where the face's mask is not 0.
        restored: uint8 (size, size, 3), in the photograph's colours.
        face: where it was cut.
        blend: 0 leaves the photograph as it is, 1 takes the restored face.
    """
    mask = face_mask(face, (photograph.shape[1], photograph.shape[0]))
    height, width = mask.weights.shape
    if not mask.weights.size:
        return
    region = photograph[mask.top : mask.top + height, mask.left : mask.left + width]
    moved = _unaligned(restored, face.matrix, mask)
    weights = blend * mask.weights[..., None]
    mixed = np.rint(region * (1 - weights) + moved * weights).astype(np.uint8)
    region[:] = np.where(weights > 0, mixed, region)


def _unaligned(restored: np.ndarray, matrix: np.ndarray, mask: Mask) -> np.ndarray:
    """The restored face as the photograph shows it in the mask's region, uint8 (h, w, 3)."""
    import cv2

    height, width = mask.weights.shape
    # Where the photograph has fewer pixels, blocks of finer ones are averaged, to avoid aliasing.
    finer = max(int(np.ceil(np.hypot(matrix[0, 0], matrix[1, 0]))), 1)
    step = np.array(
        [[1 / finer, 0, (1 / finer - 1) / 2 + mask.left], [0, 1 / finer, (1 / finer - 1) / 2 + mask.top], [0, 0, 1]]
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(
        restored, matrix @ step, (width * finer, height * finer), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return moved if finer == 1 else cv2.resize(moved, (width, height), interpolation=cv2.INTER_AREA)
