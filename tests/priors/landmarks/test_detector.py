"""The choice of a detector, and what both of them share."""

import numpy as np
import pytest
from mfps.files import external_weights
from mfps.files.external_weights import weights_of
from mfps.priors.landmarks import detector, dlib_landmarks
from mfps.priors.landmarks.detector import check_picture, chosen_detector, fixed_box, is_at_hand, open_detector


@pytest.fixture
def nothing(tmp_path, monkeypatch):
    """No weights, no packages and no network."""

    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    monkeypatch.delenv(external_weights.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(external_weights.urllib.request, "urlopen", no_network)
    for module in (external_weights, detector, dlib_landmarks):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    return tmp_path


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("there", [(), ("fan",), ("fan", "s3fd"), ("dlib landmarks",), ("fan", "dlib landmarks")])
@pytest.mark.parametrize("installed", [False, True])
def test_auto_is_fan_where_it_is_at_hand_else_dlib(nothing, monkeypatch, aligned, there, installed):
    for name in there:
        (nothing / weights_of(name).file).write_bytes(name.encode())
    monkeypatch.setattr(detector, "find_spec", lambda _: object() if installed else None)
    fan_is_there = "fan" in there and (aligned or "s3fd" in there)
    dlib_is_there = installed and "dlib landmarks" in there
    expected = "dlib" if dlib_is_there and not fan_is_there else "fan"
    assert chosen_detector("auto", nothing, aligned) == expected
    assert [chosen_detector(by, nothing, aligned) for by in ("fan", "dlib")] == ["fan", "dlib"]
    assert is_at_hand(nothing) == (dlib_is_there or {"fan", "s3fd"} <= set(there))


def test_where_nothing_is_there_the_line_has_both_remedies(nothing, refused):
    with refused("the fan weights cannot be downloaded .*download https.*`pip install 'mfps.faces.'`, and dlib"):
        open_detector(aligned=True)
    with refused("dlib, which is not installed: run `pip install 'mfps.faces.'`"):
        open_detector("dlib")


def test_a_fixed_box_grows_with_the_picture():
    box = (10.0, 20.0, 30.0, 40.0)
    assert fixed_box(box, 512).tolist() == list(box)
    assert fixed_box(box, 1024) == pytest.approx(2 * fixed_box(box, 512) + 0.5)


def test_pictures_that_are_refused(refused):
    check_picture(np.zeros((3, 5, 3), np.uint8), False)
    with refused("an aligned face must be a square picture, not 5 x 3 pixels"):
        check_picture(np.zeros((3, 5, 3), np.uint8), True)
    for image in (np.zeros((3, 3, 3)), np.zeros((3, 3), np.uint8), np.zeros((0, 3, 3), np.uint8)):
        with refused("landmarks need a picture uint8"):
            check_picture(image, False)
