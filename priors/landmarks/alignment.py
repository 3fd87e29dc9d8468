"""Alignment of a face by its landmarks, as FFHQ's faces are aligned.

Coordinates are x, y in pixels, 0 at the centre of the first pixel. "Left" is the picture's left.
"""

import numpy as np

from ...errors import MfpsError

TEMPLATE_512 = np.array(
    [
        (192.98138, 239.94708),
        (318.90277, 240.1936),
        (256.63416, 314.01935),
        (201.26117, 371.41043),
        (313.08905, 371.15118),
    ]
)
"""Left eye, right eye, nose tip and mouth corners of a face of 512 pixels. Source: the template that facexlib, GFPGAN
and CodeFormer crop with, measured on FFHQ."""

_FIVE_POINTS = {
    "ibug68": (range(36, 42), range(42, 48), (30,), (48,), (54,)),
    "lfpw29": ((16,), (17,), (20,), (22,), (23,)),
    "wflw98": ((96,), (97,), (54,), (76,), (82,)),
}
"""The landmarks whose mean is each of the five points, by scheme."""


def five_points(points: np.ndarray, scheme: str) -> np.ndarray:
    """Left eye, right eye, nose tip, left and right mouth corner of a face.

    Args:
        points: (K, 2) landmarks in pixels.
        scheme: `ibug68`, `lfpw29` or `wflw98`.

    Returns:
        float64 (5, 2), NaN where the landmarks are missing.

    Raises:
        MfpsError: the scheme is a different one, or the points do not match it.
    """
    if scheme not in _FIVE_POINTS:
        raise MfpsError(f"landmark scheme {scheme!r} cannot be used for alignment; use {', '.join(_FIVE_POINTS)}")
    count = int(scheme[-2:])
    if points.shape != (count, 2):
        raise MfpsError(f"the scheme {scheme} has {count} points, not {points.shape}")
    return np.array([np.asarray(points, np.float64)[list(numbers)].mean(0) for numbers in _FIVE_POINTS[scheme]])


def alignment(points: np.ndarray, scheme: str, size: int) -> np.ndarray:
    """The similarity transform that aligns a face: least squares over those of the five points that are present.

    Args:
        points: (K, 2) landmarks in pixels of the photograph.
        scheme: their scheme.
        size: side of the aligned face in pixels.

    Returns:
        float64 (2, 3): aligned = matrix @ (x, y, 1).

    Raises:
        MfpsError: fewer than two of the five points are present, or they coincide.
    """
    found = five_points(points, scheme)
    there = np.isfinite(found).all(1)
    # The template counts from the corner of the picture in units of 512: pixel centres lie half a pixel in.
    wanted = (TEMPLATE_512 + 0.5) * (size / 512) - 0.5
    if there.sum() < 2 or np.ptp(found[there], axis=0).max() < 1e-6:
        raise MfpsError("a face needs two different points among eyes, nose and mouth corners to be aligned")
    # A similarity is w = a z + b in complex numbers, and its least squares fit is one linear system.
    z, w = (array[there] @ np.array([1, 1j]) for array in (found, wanted))
    (a, b), *_ = np.linalg.lstsq(np.stack([z, np.ones_like(z)], 1), w, rcond=None)
    return np.array([(a.real, -a.imag, b.real), (a.imag, a.real, b.imag)])


def align_face(image: np.ndarray, points: np.ndarray, scheme: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a face out of a photograph, upright and placed like the template.

    Beyond its border the photograph is mirrored. If the face is made smaller, area averaging smooths the photograph
    first, to avoid aliasing.

    Args:
        image: uint8 (H, W, 3) RGB.
        points: (K, 2) landmarks in its pixels, NaN where one is missing.
        scheme: `ibug68`, `lfpw29` or `wflw98`.
        size: side of the face in pixels.

    Returns:
        The face, uint8 (size, size, 3), and the landmarks (K, 2) in its pixels.

    Raises:
        MfpsError: the landmarks do not say where the face is.
    """
    matrix = alignment(points, scheme, size)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    # Warp to a whole multiple of the size at about the photograph's own resolution, then average the blocks.
    supersampling = max(int(np.ceil(1 / scale)), 1)
    lift = np.array(
        [[supersampling, 0, (supersampling - 1) / 2], [0, supersampling, (supersampling - 1) / 2], [0, 0, 1]]
    )
    fine = (lift @ np.vstack([matrix, [0, 0, 1]]))[:2]
    side = size * supersampling
    import cv2  # only here, because finding the five points does not need it

    face = cv2.warpAffine(image, fine, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    if supersampling > 1:
        face = cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
    moved = np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return face, moved
