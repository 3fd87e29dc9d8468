"""Identity: how far two faces are apart for dlib's face recognition network, by its 128 numbers."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import cv2
import numpy as np

from ..errors import MfpsError
from ..files.external_weights import weights_of
from .face_points import open_points, points_of
from .metric import Column, Metric, MetricSources, held_weights

SAME_BELOW = 0.6
"""dlib's own threshold: two photographs that are closer than this count as the same person."""

CHIP_PX = 150
PADDING = 0.25
"""Of dlib's chips: the picture that its network takes, cut out along the points."""

LARGE_PX = 512
"""A smaller face is enlarged by a whole factor before its chip is cut out, as dlib takes whole pixels for points."""

COLUMNS = (
    Column("identity_cosine", "ID cosine", 4, "higher"),
    Column("identity_l2", "ID L2", 3, "lower"),
    Column("identity_same", f"ID < {SAME_BELOW}", 3, "higher"),
)


def open_identity(sources: MetricSources) -> Metric:
    """Identity of aligned faces.

    Raises:
        MfpsError: the faces are too small, or dlib or its weights are missing.
    """
    finder = open_points(sources)
    file = held_weights("dlib identity", sources.weights_dir)
    dlib = import_module("dlib")
    try:
        network = dlib.face_recognition_model_v1(str(file))
    except RuntimeError as error:
        raise MfpsError(f"{file}: cannot be loaded ({error}); install dlib-bin 20") from None

    def descriptor(face: np.ndarray) -> np.ndarray:
        chip = dlib.get_face_chip(*with_points(face, points_of(finder, face)), CHIP_PX, PADDING)
        return np.array(network.compute_face_descriptor(chip))

    def scores(versions: Sequence[np.ndarray], clean: np.ndarray) -> list[dict[str, float]]:
        truth = descriptor(clean)
        return [identity_scores(descriptor(version), truth) for version in versions]

    convention = {
        "network": f"dlib's face recognition, SHA-256 {weights_of('dlib identity').sha256}",
        "face": f"a chip of {CHIP_PX} pixels along these points",
        "points": finder.provenance(),
        "identity_same": f"1 where the L2 distance is below {SAME_BELOW}; its mean is their share",
    }
    return Metric("identity", COLUMNS, convention, scores)


def with_points(face: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, Any]:
    """A face and its points as dlib takes them: the enlarged picture, and a `full_object_detection` on it.

    Args:
        face: uint8 (H, H, 3) RGB.
        points: (68, 2), x and y in its pixels.
    """
    dlib, times = import_module("dlib"), max(-(-LARGE_PX // len(face)), 1)
    large = cv2.resize(face, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC) if times > 1 else face
    places = np.rint((points + 0.5) * times - 0.5).astype(int).tolist()
    whole = dlib.rectangle(0, 0, len(large) - 1, len(large) - 1)
    return np.ascontiguousarray(large), dlib.full_object_detection(whole, [dlib.point(*place) for place in places])


def identity_scores(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """The numbers for two descriptors (128,): cosine, L2 distance, and whether this is under the threshold."""
    distance = float(np.linalg.norm(one - other))
    cosine = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
    return {"identity_cosine": cosine, "identity_l2": distance, "identity_same": float(distance < SAME_BELOW)}
