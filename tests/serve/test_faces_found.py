"""Boxes with numbers around faces."""

import numpy as np
import pytest
from mfps.serve.faces_found import COLOURS, SHOWN_PX, shrunk, with_boxes
from PIL import ImageColor


@pytest.mark.parametrize("extent", [(100, 80), (SHOWN_PX, 900), (5000, 20), (7, 4000)])
def test_pictures_are_shown_at_a_bounded_size_and_never_enlarged(extent):
    width, height = extent
    picture = np.zeros((height, width, 3), np.uint8)
    small = shrunk(picture)
    scale = min(SHOWN_PX / max(extent), 1)
    assert small.shape == (max(round(height * scale), 1), max(round(width * scale), 1), 3)


@pytest.mark.parametrize("fate", COLOURS)
def test_a_box_has_the_colour_of_its_fate_and_leaves_the_face_visible(fate):
    picture = np.full((300, 300, 3), 255, np.uint8)
    boxed = with_boxes(picture, [(100.0, 100.0, 200.0, 200.0)], [fate])
    assert (boxed[150, 100] == ImageColor.getrgb(COLOURS[fate])).all()
    assert (boxed[110:190, 110:190] == 255).all()
    assert (picture == 255).all()


def test_boxes_far_beyond_the_border_do_no_harm():
    picture = np.full((50, 60, 3), 128, np.uint8)
    places = [(-500, -20, -400, 30), (-20, -20, 30, 30), (40, 30, 900, 900), (0, 0, 0, 0), (-9, -9, 99, 99)]
    boxed = with_boxes(
        picture, [tuple(map(float, place)) for place in places], ["restored", "left", "other", "left", "restored"]
    )
    assert boxed.shape == picture.shape
