import json

import numpy as np
from mfps.prepare.faces import PreparedFace, faces_without_points, missing_points


def test_a_face_comes_back_from_the_journal():
    points = [[1.25, 2.5], None, [0.0, -3.0]]
    entry = json.loads(json.dumps({"name": "a.png", "points": points}))
    face = PreparedFace.of("a.jpg", entry)
    assert (face.name, face.photograph) == ("a.png", "a.jpg")
    assert np.array_equal(face.points, [[1.25, 2.5], [np.nan, np.nan], [0, -3]], equal_nan=True)
    assert PreparedFace.of("a.jpg", {"name": "a.png", "points": None}).points is None


def test_missing_points_and_faces_are_counted():
    some = np.ones((4, 2))
    some[1], some[2, 0] = np.nan, np.nan
    faces = [PreparedFace("a", "a", some), PreparedFace("b", "b", None), PreparedFace("c", "c", np.ones((4, 2)))]
    assert (missing_points(faces), faces_without_points(faces)) == (2, 1)
    nothing = PreparedFace("d", "d", np.full((4, 2), np.nan))
    assert faces_without_points([nothing]) == 1
