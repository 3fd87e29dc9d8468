import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.priors.landmarks.alignment import TEMPLATE_512, align_face, alignment, five_points
from mfps.priors.landmarks.schemes import scheme_of_name


def lfpw_face(five):
    points = np.full((29, 2), np.nan)
    points[[16, 17, 20, 22, 23]] = five
    return points


@given(st.floats(-3, 3), st.floats(0.1, 10), st.floats(-500, 500), st.floats(-500, 500))
def test_any_similarity_is_undone(angle, scale, x, y):
    turn = scale * np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    matrix = alignment(lfpw_face(TEMPLATE_512 @ turn.T + [x, y]), "lfpw29", 512)
    assert np.allclose(matrix[:, :2] @ turn, np.eye(2), atol=1e-6)


@pytest.mark.parametrize("scheme", ["ibug68", "lfpw29", "wflw98"])
def test_a_mirrored_face_has_mirrored_points(scheme):
    known = scheme_of_name(scheme)
    points = np.random.default_rng(0).random((known.count, 2))
    mirrored = points[list(known.flip_order())] * [-1, 1]
    assert np.allclose(five_points(mirrored, scheme), five_points(points, scheme)[[1, 0, 2, 4, 3]] * [-1, 1])


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.7])
def test_pixels_and_points_move_together(scale):
    five = (TEMPLATE_512 / 4 - 20) * scale
    image = np.zeros((round(110 * scale), round(100 * scale), 3), np.uint8)
    x, y = np.rint(five[2]).astype(int)
    reach = max(round(2 * scale), 1)
    image[y - reach : y + reach + 1, x - reach : x + reach + 1] = 255
    points = lfpw_face(five)
    points[28] = (x, y)
    face, moved = align_face(image, points, "lfpw29", 128)
    weight = face[..., 0] / face[..., 0].sum()
    rows, columns = np.mgrid[:128, :128]
    assert face.shape == (128, 128, 3)
    assert np.allclose([(weight * columns).sum(), (weight * rows).sum()], moved[28], atol=0.35)


def test_shrinking_does_not_alias():
    checker = np.tile((np.indices((640, 640)).sum(0) % 2 * 255).astype(np.uint8)[..., None], 3)
    face, _ = align_face(checker, lfpw_face(TEMPLATE_512 * 1.25), "lfpw29", 64)
    assert np.abs(face.astype(int) - 127).max() < 25


def test_faces_that_cannot_be_aligned():
    with pytest.raises(MfpsError, match="cannot be used for alignment"):
        five_points(np.zeros((5, 2)), "points-5")
    with pytest.raises(MfpsError, match="has 29 points"):
        five_points(np.zeros((5, 2)), "lfpw29")
    with pytest.raises(MfpsError, match="two different points"):
        alignment(np.full((29, 2), np.nan), "lfpw29", 64)
