"""The laws of given pairs: the network is given the files' pixels, found by name and moved as the clean face is."""

import shutil

import numpy as np
import pytest
from mfps.data.augmentation import Augmentation
from mfps.data.dataset import FaceFolder, Tolerance
from mfps.data.given_pairs import GivenPairs
from mfps.degradation.folder import degradation_targets, degrade_files
from mfps.images.image import fit_square, read_image, write_image
from PIL import Image


@pytest.fixture(scope="module")
def low(drawn_folder, tmp_path_factory):
    """The degraded partners of `drawn_folder`, as `mfps degrade` writes them."""
    out = tmp_path_factory.mktemp("pairs") / "low"
    list(degrade_files(drawn_folder, out, degradation_targets(drawn_folder, out), "blur|noise", None, 4))
    return out


@pytest.fixture
def own(low, tmp_path):
    return shutil.copytree(low, tmp_path / "low")


def shrink(file, side):
    Image.open(file).resize((side, side)).save(file)


def test_files_of_degrade_are_what_a_degradation_makes(drawn_folder, low):
    made = FaceFolder(drawn_folder, 16, "blur|noise", seed=4)
    given = FaceFolder(drawn_folder, 16, GivenPairs(low))
    for index in range(len(made)):
        for one, other in zip(made[0, index][:2], given[0, index][:2], strict=True):
            assert np.array_equal(one, other)


def test_a_mirrored_face_has_a_mirrored_partner(drawn_folder, low):
    plain = FaceFolder(drawn_folder, 16, GivenPairs(low))
    augmented = FaceFolder(drawn_folder, 16, GivenPairs(low), augmentation=Augmentation(flip=True))
    turned = set()
    for index in range(len(plain)):
        here, there = plain[0, index], augmented[0, index]
        flipped = not np.array_equal(here.clean, there.clean)
        turned.add(flipped)
        step = -1 if flipped else 1
        assert np.array_equal(here.clean[:, ::step], there.clean)
        assert np.array_equal(here.degraded[:, ::step], there.degraded)
    assert turned == {True, False}


@pytest.mark.parametrize("side", [16, 8, 4, 1])
def test_smaller_partners_are_enlarged_as_restore_enlarges_them(drawn_folder, own, side):
    shrink(own / "0003.png", side)
    expected, _ = fit_square(read_image(own / "0003.png"), 16, enlarge=True)
    folder = FaceFolder(drawn_folder, 16, GivenPairs(own), names=["0003.png"])
    assert np.array_equal(folder[0, 0].degraded, expected)


@pytest.mark.parametrize("extent", [(15, 15), (32, 32), (8, 4), (10, 16)])
def test_other_sizes_are_refused(drawn_folder, own, refused, extent):
    write_image(own / "0003.png", np.zeros((*extent[::-1], 3), np.uint8))
    with refused(f"0003.png: is {extent[0]} x {extent[1]}, and its clean face 16 x 16; .*whole factor"):
        FaceFolder(drawn_folder, 16, GivenPairs(own))


def test_partners_are_found_by_path_and_then_without_suffix(drawn_folder, own, refused):
    Image.open(own / "0003.png").save(own / "0003.bmp")
    shutil.copy(own / "0001.png", own / "0001.tif")
    assert GivenPairs(own).partners(["0003.png"]) == {"0003.png": "0003.png"}
    (own / "0003.png").unlink()
    assert FaceFolder(drawn_folder, 16, GivenPairs(own)).partners["0003.png"] == "0003.bmp"
    with refused("0001.png and 0001.tif could both be the degraded partner of 0001.jpg"):
        GivenPairs(own).partners(["0001.jpg"])


def test_missing_partners_are_counted_and_the_first_are_named(drawn_folder, own, refused):
    for number in range(1, 6):
        (own / f"000{number}.png").unlink()
    with refused("low: 5 of 8 faces have no degraded partner there: 0001.png, 0002.png, 0003.png, ...; add files"):
        FaceFolder(drawn_folder, 16, GivenPairs(own))
    assert len(FaceFolder(drawn_folder, 16, GivenPairs(own), names=["0000.png", "0006.png"])) == 2
    (own / "0000.png").rename(own / "A0000.PNG")
    with refused("1 of 1 faces have no degraded partner there: a0000.png .A0000.PNG is there: only capital letters"):
        GivenPairs(own).partners(["a0000.png"])


def test_an_unreadable_partner_counts_as_a_bad_face(drawn_folder, own, refused):
    (own / "0002.png").write_bytes(b"")
    with refused("0002.png"):
        FaceFolder(drawn_folder, 16, GivenPairs(own))
    assert list(FaceFolder(drawn_folder, 16, GivenPairs(own), tolerance=Tolerance(0.2)).bad) == ["0002.png"]


def test_the_digest_is_that_of_the_names_of_both(low):
    pairs = GivenPairs(low)
    one, same, other = (pairs.described(pairs.partners(names)) for names in (
        ["0000.png", "0001.png"], ["0001.png", "0000.png"], ["0000.png", "0002.png"]
    ))  # fmt: skip
    assert one == same != other
    assert (one["folder"], one["faces"]) == ("low", 2)
