"""The 68 points that dlib places on an aligned face, for the metrics that need them."""

import numpy as np

from ..errors import MfpsError
from ..priors.landmarks.dlib_landmarks import DlibLandmarks
from .metric import MetricSources, held_weights

LEAST_PX = 64
"""Below this side the features of a face are a few pixels wide."""


def open_points(sources: MetricSources) -> DlibLandmarks:
    """What places points on aligned faces.

    Args:
        sources: the side of the faces, and a folder with the weights file.

    Raises:
        MfpsError: the faces are too small, or dlib or its weights are missing.
    """
    if sources.size < LEAST_PX:
        raise MfpsError(f"dlib needs faces of {LEAST_PX} pixels or more, not {sources.size}")
    held_weights("dlib landmarks", sources.weights_dir)
    return DlibLandmarks(sources.weights_dir, aligned=True)


def points_of(finder: DlibLandmarks, face: np.ndarray) -> np.ndarray:
    """The points of an aligned face, float64 (68, 2), x and y in its pixels.

    Args:
        finder: of `open_points`.
        face: uint8 (H, H, 3) RGB.
    """
    return finder.detect(face)[0].points
