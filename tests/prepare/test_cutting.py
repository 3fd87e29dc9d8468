import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.prepare.cutting import MAX_OUTSIDE, CutRules, cut_labels, cut_photograph
from mfps.priors.landmarks.alignment import TEMPLATE_512, five_points

RULES = CutRules(size=32, aligned=False, least_side=8)
angles = st.floats(-3.1, 3.1)


def similarity(angle, scale, shift):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.hstack([turn, np.array(shift).reshape(2, 1)])


def moved(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


@given(angles, st.floats(0.8, 3), st.floats(60, 90), st.floats(60, 90))
@settings(max_examples=25)
def test_a_face_is_cut_alike_wherever_and_however_it_lies(faces, angle, scale, x, y):
    face = faces[0]
    (straight,) = cut_photograph(face.image, "a.jpg", [face.points], "ibug68", RULES).faces
    matrix = similarity(angle, scale, (x, y))
    matrix[:, 2] += (150, 150) - matrix[:, :2] @ (31.5, 31.5)
    points = moved(matrix, face.points)
    photograph = np.full((400, 400, 3), 128, np.uint8)
    (turned,) = cut_photograph(photograph, "a.jpg", [points], "ibug68", RULES).faces
    assert straight.points == pytest.approx(turned.points, abs=1e-6)
    assert moved(turned.matrix, points) == pytest.approx(turned.points, abs=1e-6)


def test_a_turned_photograph_gives_the_same_picture(faces):
    face = faces[1]
    (straight,) = cut_photograph(face.image, "a.jpg", [face.points], "ibug68", RULES).faces
    turned = np.ascontiguousarray(np.rot90(face.image, -1))
    points = np.stack([63 - face.points[:, 1], face.points[:, 0]], 1)
    (again,) = cut_photograph(turned, "a.jpg", [points], "ibug68", RULES).faces
    assert np.abs(straight.image.astype(int) - again.image).max() <= 3


def test_a_cut_face_stands_on_the_ffhq_template(faces):
    for face in faces:
        (cut,) = cut_photograph(face.image, "a.jpg", [face.points], "ibug68", RULES._replace(size=512)).faces
        # Five points fit the template no better than by a similarity, so they are near it and their mean is on it.
        assert five_points(cut.points, "ibug68").mean(0) == pytest.approx(TEMPLATE_512.mean(0), abs=0.01)
        assert np.abs(five_points(cut.points, "ibug68") - TEMPLATE_512).max() < 60


@pytest.mark.parametrize("factor", [1, 2])
def test_labels_move_with_the_points(faces, factor):
    """A label map of the photograph, at its own size or twice, goes where the landmarks go."""
    face = faces[2]
    labels = np.zeros((64 * factor, 64 * factor), np.uint8)
    chosen = (8, 30, 36, 45, 48, 54)
    for number, point in enumerate(chosen, start=1):
        place = (face.points[point] + 0.5) * factor - 0.5
        cv2.circle(labels, np.rint(place).astype(int).tolist(), 2 * factor, number, -1)
    (cut,) = cut_photograph(face.image, "a.jpg", [face.points], "ibug68", RULES._replace(size=64)).faces
    found = cut_labels(labels, (64, 64), cut.matrix, 64)
    for number, point in enumerate(chosen, start=1):
        x, y = np.rint(cut.points[point]).astype(int)
        assert found[y, x] == number
        rows, columns = np.nonzero(found == number)
        assert (columns.mean(), rows.mean()) == pytest.approx(cut.points[point], abs=0.75)


def test_labels_outside_the_photograph_are_background(faces):
    labels = np.full((64, 64), 7, np.uint8)
    matrix = similarity(0, 1, (20, 0))
    found = cut_labels(labels, (64, 64), matrix, 64)
    assert not found[:, :20].any()
    assert (found[:, 20:] == 7).all()


def test_an_aligned_face_is_its_middle_square(faces):
    face = faces[3]
    wide = np.hstack([face.image[:, :10], face.image, face.image[:, :10]])
    rules = CutRules(size=64, aligned=True, least_side=64)
    (cut,) = cut_photograph(wide, "a/b.jpg", [face.points + np.array([10, 0])], "ibug68", rules).faces
    assert cut.name == "a/b.png"
    assert np.array_equal(cut.image, face.image)
    assert cut.points == pytest.approx(face.points)
    assert np.array_equal(cut_labels(np.pad(face.labels, ((0, 0), (10, 10))), (84, 64), cut.matrix, 64), face.labels)
    (without,) = cut_photograph(wide, "a.jpg", [], "ibug68", rules).faces
    assert without.points is None
    assert "2 faces" in cut_photograph(wide, "a.jpg", [face.points] * 2, "ibug68", rules).dropped[0]


@given(st.integers(0, 60))
@settings(max_examples=20)
def test_a_face_too_far_beyond_the_border_is_dropped(faces, gone):
    """The reported share outside is the share of the face's square without a pixel of the photograph."""
    face = faces[0]
    points = face.points - (gone, 0)
    cut = cut_photograph(face.image[:, gone:], "a.jpg", [points], "ibug68", RULES)
    whole = CutRules(size=128, aligned=False, least_side=1)
    (straight,) = cut_photograph(face.image, "a.jpg", [face.points], "ibug68", whole).faces
    there = np.zeros((64, 64), np.uint8)
    there[:, gone:] = 1
    outside = 1 - cut_labels(there, (64, 64), straight.matrix, 128).mean()
    if abs(outside - MAX_OUTSIDE) > 0.02:
        assert bool(cut.faces) == (outside < MAX_OUTSIDE)
    assert len(cut.faces) + len(cut.dropped) == 1


def test_every_face_is_kept_or_has_a_reason(faces):
    face = faces[0]
    nowhere = np.full((68, 2), np.nan)
    far = face.points + 500
    tiny = face.points / 10
    cut = cut_photograph(face.image, "a.jpg", [face.points, nowhere, far, tiny], "ibug68", RULES)
    assert [kept.name for kept in cut.faces] == ["a_0.png"]
    assert [line.split(":")[0] for line in cut.dropped] == ["face 1", "face 2", "face 3"]
    assert "two different points" in cut.dropped[0]
    assert "at the border" in cut.dropped[1]
    assert "too small: 6 pixels, at least 8" in cut.dropped[2]
    assert cut_photograph(face.image, "a.jpg", [], "ibug68", RULES).dropped[0].startswith("no landmarks: ")
    assert (
        "cannot be used for alignment"
        in cut_photograph(face.image, "a.jpg", [np.ones((5, 2))], "points-5", RULES).dropped[0]
    )


def test_covered_points_do_not_stop_a_face(faces):
    face = faces[0]
    points = face.points.copy()
    points[36:42] = np.nan  # an eye that is covered
    (cut,) = cut_photograph(face.image, "a.jpg", [points], "ibug68", RULES).faces
    assert np.isnan(cut.points[36:42]).all()
    (whole,) = cut_photograph(face.image, "a.jpg", [face.points], "ibug68", RULES).faces
    assert np.nanmax(np.abs(cut.points - whole.points)) < 3
