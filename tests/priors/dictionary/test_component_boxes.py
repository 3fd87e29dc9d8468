import numpy as np
import pytest
from mfps.drawn.faces import draw_face
from mfps.priors.dictionary.component_boxes import PARTS, component_boxes
from mfps.priors.landmarks.alignment import five_points
from mfps.priors.landmarks.schemes import scheme_of_name

SCHEMES = ("ibug68", "lfpw29", "wflw98")


@pytest.fixture
def face():
    return draw_face(np.random.default_rng(3), 512).points


def anywhere(scheme, seed=0, low=100, high=400):
    return np.random.default_rng(seed).uniform(low, high, (scheme_of_name(scheme).count, 2))


def test_dfdnets_rule_on_a_face(face):
    left_eye = face[[*range(17, 22), *range(36, 42)]]
    box = component_boxes(face, "ibug68", 512)[0]
    half = max(np.ptp(left_eye, axis=0).max() / 2, 16)
    assert np.allclose(box[:2], left_eye.mean(0) - half)
    assert np.allclose(box[2:], left_eye.mean(0) + half)


def test_boxes_stand_where_the_parts_are(face):
    boxes = component_boxes(face, "ibug68", 512)
    left_eye, right_eye, nose, left_mouth, right_mouth = five_points(face, "ibug68")
    for box, point in zip(boxes, (left_eye, right_eye, nose, (left_mouth + right_mouth) / 2), strict=True):
        assert (box[:2] < point).all()
        assert (box[2:] > point).all()
    assert boxes[PARTS.index("left_eye"), 0] < boxes[PARTS.index("right_eye"), 0]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_mirrored_points_have_mirrored_boxes(scheme):
    points = anywhere(scheme)
    order = list(scheme_of_name(scheme).flip_order())
    mirrored = points[order] * (-1, 1) + (511, 0)
    boxes = component_boxes(points, scheme, 512)
    expected = (np.array([511, 0, 511, 0]) + boxes * (-1, 1, -1, 1))[:, [2, 1, 0, 3]][[1, 0, 2, 3]]
    assert np.allclose(component_boxes(mirrored, scheme, 512), expected, atol=1e-4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_boxes_are_square_inside_and_scale_with_the_face(scheme):
    for seed in range(20):
        points = anywhere(scheme, seed, 0, 511)
        boxes = component_boxes(points, scheme, 512)
        sides = boxes[:, 2:] - boxes[:, :2]
        assert np.allclose(sides[:, 0], sides[:, 1], atol=1e-3)
        assert (sides >= 31.99).all()
        assert boxes.min() >= -0.5
        assert boxes.max() <= 511.5
        small = component_boxes((points + 0.5) / 4 - 0.5, scheme, 128)
        assert np.allclose((small + 0.5) * 4 - 0.5, boxes, atol=1e-3)


def test_points_at_one_place_give_the_least_box():
    assert component_boxes(np.full((68, 2), 255.5), "ibug68", 512)[2].tolist() == [239.5, 239.5, 271.5, 271.5]
    assert component_boxes(np.zeros((68, 2)), "ibug68", 512)[2].tolist() == [-0.5, -0.5, 31.5, 31.5]


def test_a_part_larger_than_the_picture_gets_all_of_it():
    points = np.tile([[-400.0, 31.0], [462.0, 31.0]], (34, 1))
    assert component_boxes(points, "ibug68", 64)[3].tolist() == [-0.5, -0.5, 63.5, 63.5]


def test_missing_and_far_parts_have_no_box(face):
    face[48:58] = np.nan
    assert np.isfinite(component_boxes(face, "ibug68", 512)).all()
    face[58, 0] = np.nan
    face[29:36] += 2000
    boxes = component_boxes(face, "ibug68", 512)
    assert np.isnan(boxes[2:]).all()
    assert np.isfinite(boxes[:2]).all()
    assert np.isnan(component_boxes(np.full((29, 2), np.nan), "lfpw29", 512)).all()


def test_refused(face, refused):
    with refused("landmark scheme 'points-68' does not say which points are eyes"):
        component_boxes(face, "points-68", 512)
    with refused("ibug68 has 68 points"):
        component_boxes(face[:5], "ibug68", 512)
    with refused("size 0"):
        component_boxes(face, "ibug68", 0)
