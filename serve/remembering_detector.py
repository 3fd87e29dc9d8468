"""A detector that does not search twice in a photograph that it has just seen."""

from collections.abc import Callable
from hashlib import sha256

import numpy as np

from ..priors.landmarks.detector import DetectedFace, LandmarkDetector

MOST_PICTURES = 8
"""Pictures whose faces are remembered."""


class RememberingDetector:
    """A detector of landmarks that is opened when it is first needed; what cannot be opened is tried again.

    Args:
        open_detector: opens the detector.

    Attributes:
        one_core: as of the detector.
    """

    one_core = False

    def __init__(self, open_detector: Callable[[], LandmarkDetector]) -> None:
        self._open = open_detector
        self._detector: LandmarkDetector | None = None
        self._found: dict[tuple[tuple[int, ...], bytes], list[DetectedFace]] = {}

    def opened(self) -> LandmarkDetector:
        """The detector.

        Raises:
            MfpsError: it cannot be opened.
        """
        if self._detector is None:
            self._detector = self._open()
        return self._detector

    def detect(self, image: np.ndarray) -> list[DetectedFace]:
        """Find the landmarks of all faces in a picture; see `LandmarkDetector.detect`.

        Args:
            image: uint8 (H, W, 3), RGB.
        """
        key = image.shape, sha256(np.ascontiguousarray(image).data).digest()
        if key not in self._found:
            found = self.opened().detect(image)
            if len(self._found) >= MOST_PICTURES:
                del self._found[next(iter(self._found))]
            self._found[key] = found
        return list(self._found[key])

    def provenance(self) -> dict[str, str]:
        """Which network the detector is."""
        return self.opened().provenance()
