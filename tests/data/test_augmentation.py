import shutil

import numpy as np
import pytest
import torch
from mfps.data.augmentation import Augmentation
from mfps.data.dataset import FaceFolder, WantedPriors
from mfps.data.loader import make_loader
from mfps.drawn.faces import write_drawn_faces
from mfps.priors.landmarks.schemes import scheme_of_name
from mfps.priors.parsing.classes import CELEBAMASK_FLIP_PAIRS

PRIORS = ("parsing", "heatmap")
SWAPPED = [dict(CELEBAMASK_FLIP_PAIRS + tuple((b, a) for a, b in CELEBAMASK_FLIP_PAIRS)).get(c, c) for c in range(19)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_drawn_faces(folder, 12, 32, seed=0, val=2)
    return folder


def batch(root, augmentation=None, priors=PRIORS, workers=0, dropped=None):
    folder = FaceFolder(root, 32, "none", None, WantedPriors(tuple(priors), dropped=dropped), 3, augmentation)
    found = list(make_loader(folder, None, 6, 5, False, workers))
    return {
        "clean": torch.cat([b.clean for b in found]),
        **{prior: torch.cat([b.priors[prior] for b in found]) for prior in priors},
    }


def changes(augmentation, priors=PRIORS, epoch=0):
    return [augmentation.draw(3, epoch, f"{index:04d}.png", priors) for index in range(12)]


def test_a_mirrored_face_has_mirrored_priors_with_left_and_right_swapped(drawn):
    plain, flipped = batch(drawn), batch(drawn, Augmentation(flip=True))
    mirrored = [change.flipped for change in changes(Augmentation(flip=True))]
    assert 2 < sum(mirrored) < 10
    order = {"clean": [0, 1, 2], "parsing": SWAPPED, "heatmap": list(scheme_of_name("ibug68").flip_order())}
    for key, channels in order.items():
        for i, is_mirrored in enumerate(mirrored):
            expected = plain[key][i][channels].flip(-1) if is_mirrored else plain[key][i]
            # Points are stored in float32, so a Gaussian moves by a rounding error.
            assert (flipped[key][i] - expected).abs().max() < 1e-4, (key, i)


def test_stored_arrays_are_mirrored_with_their_channels(drawn, tmp_path):
    shutil.copytree(drawn / "images", tmp_path / "images")
    rng = np.random.default_rng(0)
    for prior, channels in (("parsing", 19), ("heatmap", 71), ("dictionary", 5)):
        (tmp_path / "priors" / prior).mkdir(parents=True)
        for i in range(12):
            np.save(tmp_path / "priors" / prior / f"{i:04d}.npy", rng.random((channels, 32, 32), np.float32))
    priors = ("parsing", "heatmap", "dictionary")
    plain, flipped = batch(tmp_path, priors=priors), batch(tmp_path, Augmentation(flip=True), priors)
    heatmap = [0, 1, 2, *(3 + number for number in scheme_of_name("ibug68").flip_order())]
    order = {"parsing": SWAPPED, "heatmap": heatmap, "dictionary": list(range(5))}
    for i, change in enumerate(changes(Augmentation(flip=True), priors)):
        for prior in priors:
            expected = plain[prior][i][order[prior]].flip(-1) if change.flipped else plain[prior][i]
            assert torch.equal(flipped[prior][i], expected)


@pytest.mark.parametrize("channels", [4, 72])
def test_channels_of_unknown_meaning_are_not_mirrored(drawn, tmp_path, refused, channels):
    shutil.copytree(drawn / "images", tmp_path / "images")
    (tmp_path / "priors" / "heatmap").mkdir(parents=True)
    for i in range(12):
        np.save(tmp_path / "priors" / "heatmap" / f"{i:04d}.npy", np.ones((channels, 4, 4)))
    with refused(f"not known which of {channels} heatmap channels mirror each other; train without `flip`"):
        batch(tmp_path, Augmentation(flip=True), ("heatmap",))
    batch(tmp_path, None, ("heatmap",))


def test_dropout_zeroes_about_the_requested_share_and_nothing_else(drawn):
    augmentation = Augmentation(prior_dropout=0.5)
    plain, dropped = batch(drawn), batch(drawn, augmentation)
    for i, change in enumerate(changes(augmentation)):
        for prior in PRIORS:
            expected = torch.zeros_like(plain[prior][i]) if prior in change.dropped else plain[prior][i]
            assert torch.equal(dropped[prior][i], expected)
    assert torch.equal(plain["clean"], dropped["clean"])
    many = [
        len(augmentation.draw(0, epoch, f"{index}.png", PRIORS).dropped) for epoch in range(20) for index in range(20)
    ]
    assert 0.4 < sum(many) / (2 * len(many)) < 0.6


def test_changes_do_not_depend_on_workers_and_differ_by_epoch(drawn):
    augmentation = Augmentation(flip=True, prior_dropout=0.3)
    one, two = batch(drawn, augmentation), batch(drawn, augmentation, workers=2)
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert changes(augmentation) == changes(augmentation)
    assert changes(augmentation) != changes(augmentation, epoch=1)
    assert all(not change.flipped and not change.dropped for change in changes(Augmentation()))


def test_a_prior_that_is_left_out_is_zeros_stored_or_not(drawn, tmp_path):
    found = batch(drawn, dropped={"heatmap": None})
    assert found["heatmap"].shape == (12, 68, 32, 32)
    assert not found["heatmap"].any()
    assert torch.equal(found["parsing"], batch(drawn)["parsing"])
    shutil.copytree(drawn / "images", tmp_path / "images")
    absent = batch(tmp_path, Augmentation(flip=True), dropped={"heatmap": 7, "parsing": 19})
    assert absent["heatmap"].shape == (12, 7, 32, 32)
    assert not absent["heatmap"].any()


@pytest.mark.parametrize("chance", [-0.1, 1.0])
def test_a_dropout_that_is_not_a_chance_is_refused(refused, chance):
    with refused("prior dropout is .*, but it must be at least 0 and below 1"):
        Augmentation(prior_dropout=chance).draw(0, 0, "0.png", PRIORS)
