import numpy as np
import pytest
from mfps.inference.whole.faces_to_restore import FaceRules, faces_to_restore
from mfps.priors.landmarks.alignment import align_face

from .conftest import found

PHOTOGRAPH = np.random.default_rng(0).integers(0, 256, (100, 200, 3), np.uint8)
RULES = FaceRules(32, "all", 32)


def test_faces_are_aligned_as_prepared_data_sets_are(drawn):
    points = drawn(48).points + np.array([20, 30])
    ((face,), left, others) = faces_to_restore(PHOTOGRAPH, [found(points, 0.5)], RULES)
    expected, _ = align_face(PHOTOGRAPH, points, "ibug68", 32)
    assert np.array_equal(face.picture, expected)
    assert (left, others, face.score) == ((), 0, 0.5)
    assert face.side == pytest.approx(48, rel=0.3)


def test_which_faces(drawn):
    faces = [found(drawn(48).points * scale + place) for scale, place in ((1, (5, 5)), (1.5, (125, 20)), (1, (75, 30)))]
    ways = ("all", "largest", "centre")
    chosen = {which: faces_to_restore(PHOTOGRAPH, faces, RULES._replace(which=which)) for which in ways}
    assert [len(one.restored) for one in chosen.values()] == [3, 1, 1]
    assert [one.others for one in chosen.values()] == [0, 2, 2]
    assert chosen["largest"].restored[0].points is faces[1].points
    assert chosen["centre"].restored[0].points is faces[2].points


def test_what_is_left_and_why(drawn):
    points = drawn(48).points
    nowhere = np.full((68, 2), np.nan)
    some = points.copy() + 20
    some[:17] = np.nan
    faces = [points * 0.4, points - np.array([34, 0]), nowhere, np.zeros((68, 2)), some]
    restored, left, _ = faces_to_restore(PHOTOGRAPH, list(map(found, faces)), RULES)
    assert len(restored) == 1  # without its jaw
    assert [reason.partition(":")[0] for reason in left] == ["face 1", "face 2", "face 3", "face 4"]
    assert "too small: its square has" in left[0]
    assert "at least 32 are restored" in left[0]
    assert "at the border" in left[1]
    assert left[2].endswith("no landmarks say where it is")
    assert left[3].endswith("no landmarks say where it is")
    # One that is too small does not stand in the way of another.
    largest = faces_to_restore(PHOTOGRAPH, [found(points * 0.4), found(points + 9)], RULES._replace(which="largest"))
    assert len(largest.restored) == 1
