"""The faces of a prepared data set, and what is missing of their landmarks."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..priors.landmarks.landmark_file import points_array


class PreparedFace(NamedTuple):
    """A face of the data set."""

    name: str
    """Posix path below `images/`."""
    photograph: str
    """Posix path of the photograph it was cut from."""
    points: np.ndarray | None
    """float64 (K, 2) in its pixels, NaN where one is missing; None where the face has none at all."""

    @classmethod
    def of(cls, photograph: str, entry: Mapping[str, Any]) -> "PreparedFace":
        """A face from its entry in the journal."""
        points = entry["points"]
        if points is not None:
            points = points_array(points)
        return cls(entry["name"], photograph, points)


def missing_points(faces: Sequence[PreparedFace]) -> int:
    """How many landmarks are missing in all, of the faces that have any; each is a zero channel of its face."""
    return sum(int(np.isnan(face.points).any(1).sum()) for face in faces if face.points is not None)


def faces_without_points(faces: Sequence[PreparedFace]) -> int:
    """How many faces have no landmarks at all; all their channels are zero."""
    return sum(face.points is None or bool(np.isnan(face.points).any(1).all()) for face in faces)
