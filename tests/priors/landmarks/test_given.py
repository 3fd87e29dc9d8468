import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.priors.landmarks.given import (
    LandmarkedFace,
    coordinate,
    coordinate_pair,
    given_landmarks,
    image_name,
    match_images,
    picture_size,
)


def source_of(path, *images, count=2):
    return given_landmarks(path, [LandmarkedFace(image, np.full((count, 2), i)) for i, image in enumerate(images)])


def matched(path, images, names):
    return {
        name: [face.image for face in faces] for name, faces in match_images(source_of(path, *images), names).items()
    }


@pytest.mark.parametrize(
    ("images", "name"),
    [
        (["b/1.jpg", "a/1.jpg"], "a/1.jpg"),  # the whole name
        (["b/1", "a/1"], "a/1.jpg"),  # the whole name of a .pts
        (["set/1.jpg", "2.jpg"], "1.jpg"),  # the file name
        (["1.jpg"], "set/1.jpg"),
        (["set/1.jpg", "2.jpg"], "1.png"),  # the stem
        (["1.v2"], "set/1.v2.jpg"),
        (["./a/1.jpg"], "a/1.jpg"),
        (["b/1.jpg", "A/1.JPG"], "a/1.jpg"),  # capital letters
        (["b/Jose\u03011.jpg", "a/Jose\u03011.jpg"], "a/Jos\u00e91.png"),  # composed characters
        (["set/JOSE\u03011"], "jos\u00e91.png"),
    ],
)
def test_a_photograph_is_found_by_its_name(tmp_path, images, name):
    found = next(image for image in images if "1" in image and not image.startswith("b/"))
    assert matched(tmp_path, images, [name]) == {name: [found]}


def test_the_faces_of_a_photograph_stay_together_and_in_order(tmp_path):
    faces = match_images(source_of(tmp_path, "a.jpg", "b.jpg", "a.jpg"), ["c.jpg", "a.jpg"])
    assert [int(face.points[0, 0]) for face in faces["a.jpg"]] == [0, 2]
    assert faces["c.jpg"] == []


def test_a_better_match_leaves_nothing_for_a_worse_one(tmp_path):
    assert matched(tmp_path, ["a.jpg"], ["a.png", "a.jpg"]) == {"a.png": [], "a.jpg": ["a.jpg"]}


def test_an_ambiguous_match_is_refused(tmp_path, refused):
    with refused("both x/1.jpg and y/1.jpg could belong to 1.jpg"):
        matched(tmp_path, ["x/1.jpg", "y/1.jpg"], ["1.jpg"])
    with refused("both x/1.jpg and y/1.jpg could have the landmarks of 1.jpg"):
        matched(tmp_path, ["1.jpg"], ["x/1.jpg", "y/1.jpg"])
    with refused("named twice"):
        matched(tmp_path, ["1.jpg"], ["1.jpg", "1.jpg"])


def test_faces_of_one_source_have_the_same_points(tmp_path, refused):
    assert source_of(tmp_path, "a", count=68).scheme == "ibug68"
    assert source_of(tmp_path, "a", count=5).scheme == "points-5"
    faces = [LandmarkedFace(name, np.zeros((count, 2))) for name, count in (("a", 5), ("b", 5), ("c", 4))]
    with refused("c has 4 points, but the faces before it have 5"):
        given_landmarks(tmp_path, faces)
    with refused("no landmarks"):
        given_landmarks(tmp_path, [])
    with refused("have 0 points"):
        source_of(tmp_path, "a", count=0)


@pytest.mark.parametrize("value", [True, "", None, "1_0", "x", "nan", "1e9", float("nan"), float("inf"), 10**400, [1]])
def test_only_numbers_of_pixels_are_coordinates(value, refused):
    with refused("here: .* is not a coordinate"):
        coordinate(value, "here")
    with refused("is not a coordinate"):
        coordinate_pair(1, value, "here")


def test_values_that_can_be_used():
    assert coordinate(" -1.5e1 ", "here") == -15
    assert coordinate(3, "here") == 3
    assert np.isnan(coordinate_pair(None, None, "here")).all()
    assert picture_size([3, 4], "here") == (3, 4)
    assert picture_size(None, "here") is None
    assert image_name(r"a\b.jpg", "here") == "a/b.jpg"


@pytest.mark.parametrize("size", [[0, 4], [3], [3, 4.0], [True, 4], "34", [3, -1], [3, 10**9]])
def test_sizes_are_two_whole_numbers(size, refused):
    with refused("is not a size"):
        picture_size(size, "here")


@pytest.mark.parametrize("name", ["", " ", None, 3, "a\nb", "\ud800"])
def test_names_can_be_printed(name):
    with pytest.raises(MfpsError, match="not a photograph's name"):
        image_name(name, "here")
