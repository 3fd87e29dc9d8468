import numpy as np
import pytest
from mfps.files.hashes import sha256_of
from mfps.images.image import read_image, write_image
from mfps.prepare.config import PrepareConfig
from mfps.prepare.cut_files import cut_detected, cut_to_files, digest_of, read_small_enough
from mfps.priors.landmarks.detector import DetectedFace


class Fixed:
    """Stands in for the detector: faces at known points of the picture that it gets."""

    one_core = True

    def __init__(self, *points):
        self.points, self.seen = points, []

    def detect(self, image):
        self.seen.append(image)
        return [DetectedFace(points, 1.0, (0.0, 0.0, 1.0, 1.0)) for points in self.points]

    def provenance(self):
        return {}


def config(tmp_path, **settings):
    (tmp_path / "out" / "images").mkdir(parents=True, exist_ok=True)
    return PrepareConfig.model_validate(
        {"photos": tmp_path, "out": tmp_path / "out", "size": 32, "priors": ("heatmap",), **settings}
    )


def test_found_and_given_landmarks_cut_the_same_face(tmp_path, faces):
    face = faces[0]
    write_image(tmp_path / "a.png", face.image)
    given = cut_to_files("a.png", [face.points], tmp_path, config(tmp_path), "ibug68")
    picture = read_image(tmp_path / "out" / "images" / "a.png")
    detector = Fixed(face.points)
    found = cut_detected("a.png", tmp_path, config(tmp_path), detector, "ibug68")
    assert found == given
    assert np.array_equal(read_image(tmp_path / "out" / "images" / "a.png"), picture)
    assert np.array_equal(detector.seen[0], face.image)


def test_an_aligned_photograph_is_searched_in_its_middle_square(tmp_path, faces):
    face = faces[1]
    write_image(tmp_path / "a.png", np.pad(face.image, ((0, 0), (7, 7), (0, 0))))
    detector = Fixed(face.points)
    settings = config(tmp_path, aligned=True, size=64)
    _, entry = cut_detected("a.png", tmp_path, settings, detector, "ibug68")
    assert np.array_equal(detector.seen[0], face.image)
    assert entry["faces"][0]["points"] == pytest.approx(np.round(face.points, 2))
    assert np.array_equal(read_image(tmp_path / "out" / "images" / "a.png"), face.image)


def test_a_photograph_of_too_many_megapixels_is_not_decoded(tmp_path, refused, monkeypatch):
    write_image(tmp_path / "a.png", np.zeros((100, 200, 3), np.uint8))
    assert read_small_enough(tmp_path / "a.png", 0.02).shape == (100, 200, 3)
    monkeypatch.setattr("mfps.prepare.cut_files.read_image", lambda *_, **__: pytest.fail("it was decoded"))
    with refused("too large: 0.02 megapixels are more than `max_megapixels` 0.0199"):
        read_small_enough(tmp_path / "a.png", 0.0199)
    name, entry = cut_to_files("a.png", [], tmp_path, config(tmp_path, max_megapixels=0.01), "ibug68")
    assert (name, entry["faces"], entry["sha256"]) == ("a.png", [], sha256_of(tmp_path / "a.png"))
    assert entry["dropped"][0].startswith("too large: ")


def test_an_unreadable_file_has_no_digest(tmp_path):
    assert digest_of(tmp_path / "nothing.png") is None
    assert digest_of(tmp_path) is None
