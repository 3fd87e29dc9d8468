"""Landmark distance: how far the points found on a restored face lie from those found on the clean one."""

from collections.abc import Sequence

import numpy as np

from .face_points import open_points, points_of
from .metric import Column, Metric, MetricSources

OUTER_EYES = (36, 45)
"""The outer corners of both eyes among the 68 points."""

COLUMNS = (
    Column("landmarks_px", "LMD (px)", 2, "lower"),
    Column("landmarks_nme", "LMD (NME)", 4, "lower"),
)


def open_landmark_distance(sources: MetricSources) -> Metric:
    """Landmark distance of aligned faces.

    Raises:
        MfpsError: the faces are too small, or dlib or its weights are missing.
    """
    finder = open_points(sources)

    def scores(versions: Sequence[np.ndarray], clean: np.ndarray) -> list[dict[str, float]]:
        truth = points_of(finder, clean)
        return [landmark_scores(points_of(finder, version), truth) for version in versions]

    convention = {
        **finder.provenance(),
        "landmarks_px": "mean distance in pixels of the evaluated size",
        "landmarks_nme": "the same over the distance of the clean face's outer eye corners",
    }
    return Metric("landmarks", COLUMNS, convention, scores)


def landmark_scores(points: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """The numbers for the points (68, 2) of two faces, the second one clean."""
    distance = float(np.linalg.norm(points - truth, axis=-1).mean())
    left, right = truth[list(OUTER_EYES)]
    return {"landmarks_px": distance, "landmarks_nme": distance / max(float(np.linalg.norm(right - left)), 1.0)}
