import json

import numpy as np
import pytest
from mfps.priors.landmarks.formats import read_given_landmarks
from mfps.priors.landmarks.json_formats import read_json_landmarks
from mfps.priors.landmarks.landmark_file import write_landmarks

POINTS = np.array([(1.5, 2), (np.nan, np.nan), (-3, 4)])
PAIRS = [[1.5, 2], None, [-3, 4]]


def read(folder, document, ffhq="image", name="points.json"):
    path = folder / name
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text)
    return read_given_landmarks(path, ffhq)


def group(*points):
    return {"labels": [{"label": "all", "mask": [0]}], "landmarks": {"connectivity": [], "points": points}}


def test_our_own_file(tmp_path):
    write_landmarks(tmp_path / "landmarks.json", "points-3", {"a/b.jpg": ((5, 6), POINTS)})
    source = read_given_landmarks(tmp_path / "landmarks.json")
    assert source.scheme == "points-3"
    assert source.faces[0].image == "a/b.jpg"
    assert source.faces[0].size == (5, 6)
    assert np.array_equal(source.faces[0].points, POINTS, equal_nan=True)


def test_items_may_repeat_a_photograph_and_leave_the_size_out(tmp_path):
    items = [{"image": "a.jpg", "points": PAIRS}, {"image": "a.jpg", "size": [5, 6], "points": PAIRS, "more": 1}]
    source = read(tmp_path, {"scheme": "any words", "items": items})
    assert [face.size for face in source.faces] == [None, (5, 6)]
    assert source.scheme == "points-3"
    assert np.array_equal(source.faces[1].points, POINTS, equal_nan=True)


@pytest.mark.parametrize(
    "document",
    [
        {
            "version": 1,
            "groups": [
                {"label": "a", "landmarks": [{"point": [2, 1.5]}, {"point": [None, None]}]},
                {"label": "b", "connectivity": [], "landmarks": [{"point": [4, -3]}]},
            ],
        },
        {"version": 2, **group([2, 1.5], [None, None], [4, -3])},
        {"version": 3, "groups": {"any": group([2, 1.5], [None, None], [4, -3])}},
    ],
    ids=["1", "2", "3"],
)
def test_ljson_has_y_before_x(tmp_path, document):
    source = read(tmp_path, document, name="lenna.ljson")
    assert source.faces[0].image == "lenna"
    assert np.array_equal(source.faces[0].points, POINTS, equal_nan=True)


def test_the_group_with_a_known_scheme_is_the_face(tmp_path, refused):
    face, pupils = group(*[[0, 1]] * 68), group([0, 1], [0, 1])
    assert read(tmp_path, {"version": 3, "groups": {"pupils": pupils, "face": face}}).scheme == "ibug68"
    with refused("not clear which group is the face .'a' of 68, 'b' of 68"):
        read(tmp_path, {"version": 3, "groups": {"a": face, "b": face}})
    with refused("not clear which group is the face .none"):
        read(tmp_path, {"version": 3, "groups": {}})


def test_ffhq_has_two_pictures_of_a_face(tmp_path, refused):
    aligned = {"file_path": "images1024x1024/00000/00000.png", "pixel_size": [1024, 1024], "face_landmarks": [[1, 2]]}
    whole = {"file_path": "in-the-wild-images/00000/00000.png", "pixel_size": [9, 8], "face_rect": [1, 2, 3, 4]}
    document = {"0": {"category": "training", "image": aligned, "in_the_wild": whole | {"face_landmarks": [[3, 4]]}}}
    assert read(tmp_path, document).faces[0].image == "images1024x1024/00000/00000.png"
    assert read(tmp_path, document).faces[0].box is None
    face = read(tmp_path, document, "in_the_wild").faces[0]
    assert (face.size, face.box, face.points.tolist()) == ((9, 8), (1, 2, 3, 4), [[3, 4]])
    with refused("not 'thumbnail'"):
        read_json_landmarks(json.dumps(document), tmp_path, "thumbnail")


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ('{"items": [], "items": []}', "key 'items' occurs twice"),
        ('{"items": NaN}', "NaN is not a JSON number"),
        ('{"items": [}', "not JSON"),
        ('{"items": ' + "9" * 5000 + "}", "more than 100 digits"),
        ({"items": []}, "no landmarks"),
        ({"items": {}}, "items: {} is not a list"),
        ({"items": [3]}, r"items\[0\]: 3 is not an object"),
        ({"items": [{"points": PAIRS}]}, "not a photograph's name"),
        ({"items": [{"image": "a"}]}, "points: None is not a list"),
        ({"items": [{"image": "a", "points": []}]}, "have 0 points"),
        ({"items": [{"image": "a", "points": [[1, 2, 3]]}]}, "point 0: has 3 values"),
        ({"items": [{"image": "a", "points": [[1, "2"]]}]}, "point 0: '2' is text"),
        ({"items": [{"image": "a", "points": [[1, None]]}]}, "point 0: nothing is not a coordinate"),
        ({"items": [{"image": "a", "points": [[1, 1e30]]}]}, "1e.30 is not a coordinate"),
        ({"items": [{"image": "a", "size": [1], "points": [[1, 2]]}]}, "is not a size"),
        ({"items": [{"image": "a", "points": [[1, 2]]}, {"image": "b", "points": PAIRS}]}, "b has 3 points"),
        ({"scheme": "face", "faces": {"a": {"size": [1, 1], "points": []}}}, "'face' is not known"),
        ({"scheme": "points-2", "faces": {"a": {"size": [1, 1], "points": [None]}}}, "a has 1 points"),
        ({"scheme": "points-1", "faces": {"a": {"size": [0, 1], "points": [None]}}}, "not a size"),
        ({"scheme": "points-1", "faces": {"a": {"points": [None]}}}, "size: is required"),
        ({"version": 4, "landmarks": {}}, "version 4 of .ljson"),
        ({"version": 2, **group([1, 2, 3])}, "has 3 values"),
        ({"version": 2, "landmarks": []}, r"\[\] is not an object"),
        ({"version": 1, "groups": {}}, "is not a list"),
        ({"0": {"image": {"file_path": "a"}}}, "face 0: image: points: None"),
        ({"0": {"image": {"file_path": "a", "face_landmarks": [[1, 2]], "face_rect": [1]}}}, "face_rect has 1 numbers"),
        ({"0": {}}, "face 0: image: None is not an object"),
        ({"a": {}}, "not in a form that holds landmarks"),
    ],
)
def test_rules_of_the_forms(tmp_path, refused, document, rule):
    with refused(rule):
        read(tmp_path, document)
