"""A detector that remembers."""

import numpy as np
from mfps.priors.landmarks.detector import LandmarkDetector
from mfps.serve.remembering_detector import MOST_PICTURES, RememberingDetector


def picture(number, extent=(4, 6)):
    return np.full((*extent, 3), number, np.uint8)


def test_pictures_are_told_apart_by_pixels_and_extent_and_few_are_kept(detector):
    opened = []
    remembering = RememberingDetector(lambda: opened.append(1) or detector)
    assert isinstance(remembering, LandmarkDetector)
    assert not opened
    for _ in range(2):
        for seen in (picture(1), picture(2), picture(1, (6, 4))):
            remembering.detect(seen)
    assert detector.searched == 3
    for number in range(10, 10 + MOST_PICTURES):
        remembering.detect(picture(number))
    assert len(remembering._found) == MOST_PICTURES
    remembering.detect(picture(1))
    assert detector.searched == 4 + MOST_PICTURES
    assert remembering.provenance() == detector.provenance()
    assert len(opened) == 1
