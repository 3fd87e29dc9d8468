import numpy as np
import pytest
from mfps.inference.whole.crop_or_whole import crops_or_whole, is_elsewhere
from mfps.priors.landmarks.alignment import TEMPLATE_512

from .conftest import found


@pytest.fixture
def decide(tmp_path, detector):
    folder = tmp_path / "album"

    def run(*names, size=16, open_detector=lambda: detector):
        names = names or sorted(path.name for path in folder.iterdir())
        return crops_or_whole(folder, names, size, open_detector)

    return run


def never():
    raise AssertionError("headers are enough")


def test_small_squares_and_those_of_the_networks_side_are_crops_without_a_look(album, decide):
    album("a.png", extent=(63, 40))
    album("b.png", extent=(96, 96))
    assert decide(size=96, open_detector=never) == (False, "", None)


def test_one_that_is_not_square_is_whole(album, decide, detector):
    album("a.png", [(0, 0, 96)], extent=(96, 96))
    album("b.png", [], extent=(96, 97))
    verdict = decide()
    assert verdict == (True, "whole photographs: b.png is not square, as face crops are", detector)


def test_a_square_is_decided_by_its_face(album, decide, detector):
    album("a.png", [(0, 0, 96)], extent=(96, 96))
    album("b.png", [], extent=(80, 80))
    verdict = decide()
    assert verdict[::2] == (False, detector)
    assert verdict.reason.startswith("face crops: every picture is square")
    assert detector.searched == 2
    album("c.png", [(40, 40, 50)], extent=(96, 96))
    assert decide().reason == "whole photographs: the face in c.png is not placed as in a face crop"


def test_of_many_squares_some_are_searched_from_all_over_the_folder(album, decide, detector, monkeypatch):
    monkeypatch.setattr("mfps.inference.whole.crop_or_whole.MOST_SEARCHED", 3)
    for number in range(8):
        album(f"{number}.png", [(0, 0, 66 + number)], extent=(66 + number, 66 + number))
    looked = []
    monkeypatch.setattr(detector, "detect", lambda image: looked.append(len(image)) or [])
    assert not decide().whole
    assert looked == [66, 69, 72]


def test_without_a_detector_they_are_taken_to_be_crops(album, decide):
    album("a.png", extent=(200, 100))
    assert decide(open_detector=lambda: None) == (
        False, "no face detector is at hand, so the pictures are taken to be face crops", None,
    )  # fmt: skip


def test_what_cannot_be_read_decides_nothing(tmp_path, album, decide):
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "a.png").write_text("a text")
    assert decide(open_detector=never) == (False, "", None)
    album("b.png", extent=(96, 96))
    (tmp_path / "album" / "b.png").write_bytes((tmp_path / "album" / "b.png").read_bytes()[:200])
    assert not decide().whole
    album("c.png", extent=(200, 100))
    assert decide().whole


def aligned(scale=1.0, turn=0.0, shift=(0.0, 0.0)):
    """A face in a picture of 512 pixels, moved from where alignment puts it."""
    points = np.full((68, 2), np.nan)
    for numbers, point in zip((range(36, 42), range(42, 48), (30,), (48,), (54,)), TEMPLATE_512, strict=True):
        points[list(numbers)] = point
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return found((points - 255.5) @ spin.T * scale + 255.5 + np.array(shift) * 512)


def test_where_a_face_stands():
    assert not is_elsewhere([], 512)
    assert not is_elsewhere([aligned()], 512)
    assert not is_elsewhere([aligned(0.8, 0.2, (0.05, 0.05))], 512)
    assert is_elsewhere([aligned(0.5)], 512)
    assert is_elsewhere([aligned(turn=0.8)], 512)
    assert is_elsewhere([aligned(shift=(0.4, 0))], 512)
    assert not is_elsewhere([aligned(0.2, shift=(0.4, 0.4)), aligned()], 512)  # someone in the background
    assert not is_elsewhere([found(np.full((68, 2), np.nan))], 512)
