import cv2
import numpy as np
import pytest
from mfps.inference.whole.faces_to_restore import FaceRules, faces_to_restore
from mfps.inference.whole.pasting import face_mask, mask_corners, paste

from .conftest import found

PLACES = [(10, 10, 48, 0.0), (30, 20, 30, 0.4), (-8, 30, 40, -0.2), (40, 5, 60, 0.0)]
"""Left, top, side and turn; the third lies partly outside of the photograph."""


@pytest.fixture(params=PLACES, ids=str)
def scene(request, drawn):
    """A photograph of noise, and a face at a place in it."""
    x, y, side, turn = request.param
    points = drawn(48).points * (side / 48)
    middle = points.mean(0)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (points - middle) @ spin.T + middle + (x, y)
    photograph = np.random.default_rng(0).integers(0, 256, (90, 110, 3), np.uint8)
    ((face,), _, _) = faces_to_restore(photograph, [found(points)], FaceRules(32, "all", 8))
    return photograph, face


def test_outside_of_the_mask_not_a_byte_changes_and_inside_all_do(scene):
    photograph, face = scene
    after = photograph.copy()
    paste(after, np.full((32, 32, 3), 127, np.uint8), face)
    corners = mask_corners(face)
    filled = np.zeros((90, 110), np.uint8)
    cv2.fillPoly(filled, [np.rint(corners * 16).astype(np.int32)], 1, shift=4)
    away = cv2.erode(1 - filled, np.ones((3, 3), np.uint8), borderValue=1)
    assert np.array_equal(after[away > 0], photograph[away > 0])
    mask = face_mask(face, (110, 90))
    whole = np.zeros((90, 110), np.float32)
    whole[mask.top : mask.top + mask.weights.shape[0], mask.left : mask.left + mask.weights.shape[1]] = mask.weights
    assert np.array_equal(after[whole == 0], photograph[whole == 0])
    assert (after[whole == 1] == 127).all()
    assert (whole == 1).sum() > 0.2 * filled.sum()


def test_the_mask_holds_the_landmarks_within_the_cut_and_grows_from_its_edge(scene):
    _, face = scene
    corners = mask_corners(face).astype(np.float32)
    cut = face.points @ face.matrix[:, :2].T + face.matrix[:, 2]
    for point in face.points[((cut >= 0) & (cut <= 31)).all(1)]:
        assert cv2.pointPolygonTest(corners, tuple(map(float, point)), True) > -1e-2
    assert corners[:, 1].min() < face.points[:, 1].min() + 1
    weights = face_mask(face, (110, 90)).weights
    assert weights.dtype == np.float32
    assert (weights.min(), weights.max()) == (0, 1)
    assert np.abs(np.diff(weights, axis=0)).max() < 0.8  # no hard edge


def test_blend_goes_from_the_photograph_to_the_restored_face(scene):
    photograph, face = scene
    restored = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    after = {}
    for blend in (0.0, 0.5, 1.0):
        after[blend] = photograph.copy()
        paste(after[blend], restored, face, blend)
    assert np.array_equal(after[0.0], photograph)
    assert np.abs(after[0.5].astype(float) * 2 - photograph - after[1.0]).max() <= 3


@pytest.mark.parametrize("side", [24, 48, 90])
def test_a_face_that_was_not_changed_comes_back_where_it_was(drawn, side):
    smooth = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (120, 120, 3), np.uint8), (0, 0), 6)
    ((face,), _, _) = faces_to_restore(smooth, [found(drawn(48).points * (side / 48) + 12)], FaceRules(48, "all", 8))
    after = smooth.copy()
    paste(after, face.picture, face)
    assert np.abs(after.astype(int) - smooth).max() <= 6


def test_a_face_that_lies_outside_changes_nothing(drawn):
    photograph = np.zeros((20, 20, 3), np.uint8)
    ((face,), _, _) = faces_to_restore(np.zeros((90, 90, 3), np.uint8), [found(drawn(48).points + 40)], FaceRules(16))
    paste(photograph, np.full((16, 16, 3), 255, np.uint8), face)
    assert not photograph.any()
