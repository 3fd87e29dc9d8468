"""Priors drawn inside a file are those that the priors' own functions draw, and it restores as its weights do."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.export.folded_priors import DrawnEntries, FoldedPriors, drawn_labels
from mfps.files.config_model import fill
from mfps.files.hashes import sha256_of
from mfps.images.image import read_image
from mfps.inference.config import RestoreConfig
from mfps.inference.exported_network import open_exported
from mfps.inference.restore import restore
from mfps.priors.dictionary.dictionary_file import PATCH_SIDES, write_dictionary
from mfps.priors.dictionary.kind import draw_dictionary
from mfps.priors.landmarks.heatmaps import draw_heatmaps
from mfps.priors.parsing.one_hot import one_hot_parsing

CENTRES = {
    part: torch.rand(3, 2, side, side, generator=torch.Generator().manual_seed(side)).half()
    for part, side in PATCH_SIDES.items()
}


def boxes_of(numbers):
    """Two faces' boxes from numbers: some reach outside, some have no pixel, some are missing."""
    rng = np.random.default_rng(numbers)
    first = rng.uniform(-4, 20, (2, 4, 2))
    boxes = np.concatenate([first, first + rng.uniform(0.05, 14, (2, 4, 2))], -1).astype(np.float32)
    boxes[rng.random((2, 4)) < 0.2] = np.nan
    whole = rng.random((2, 4)) < 0.2
    boxes[whole] = np.add(np.round(boxes[whole]), [0, 0, 1, 1])
    return boxes, np.where(np.isnan(boxes).any(-1), -1, rng.integers(0, 3, (2, 4)))


@given(st.integers(0, 2**31), st.sampled_from([8, 16, 24]))
@settings(max_examples=60)
def test_entries_are_drawn_as_for_a_network_in_python(seed, size):
    boxes, entries = boxes_of(seed)
    expected = draw_dictionary(torch.zeros(2, 2, size, size), boxes, entries, CENTRES)
    drawn = DrawnEntries(CENTRES)(torch.from_numpy(boxes), torch.from_numpy(entries), size)
    assert drawn.shape == expected.shape
    assert float((drawn - expected).abs().max()) < 1e-5


@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(2, 20), st.integers(2, 20))
@settings(max_examples=20)
def test_labels_are_drawn_as_for_a_network_in_python(seed, classes, height, width):
    labels = torch.from_numpy(np.random.default_rng(seed).integers(0, classes, (2, height, width)))
    expected = one_hot_parsing(labels, classes, 16)
    assert float((drawn_labels(labels, classes, 16) - expected).abs().max()) < 1e-5


@pytest.mark.parametrize("rgb", [False, True])
def test_heatmaps_begin_with_the_picture_where_the_network_wants_it(rgb):
    picture, points = torch.rand(2, 3, 16, 16), 16 * torch.rand(2, 5, 2)
    points[0, 1] = torch.nan
    folded = FoldedPriors({"heatmap": 5 + 3 * rgb}, rgb)
    (maps,) = folded(picture, {"landmarks": points}).values()
    assert torch.equal(maps[:, -5:], draw_heatmaps(points, 16))
    assert not rgb or torch.equal(maps[:, :3], picture)
    assert not maps[0, -4].any()


def test_what_cannot_be_drawn_is_refused(dictionary, refused):
    with refused("name the network's `dictionary`"):
        FoldedPriors({"dictionary": 256})
    with refused("entries have 256 channels, but the network takes 5"):
        FoldedPriors({"dictionary": 5}, dictionary=dictionary)
    with refused("the edges prior cannot be drawn inside a file"):
        FoldedPriors({"edges": 1})


@pytest.mark.parametrize(
    ("options", "removed", "said"),
    [
        ({}, (), (2, ())),
        ({"iterations": 1}, (), (1, ())),
        ({}, ("landmarks.json",), (2, ("heatmap",))),
        ({"drop_prior": ["dictionary", "parsing"]}, (), (2, ("parsing", "dictionary"))),
        ({}, ("landmarks.json", "parsing", "dictionary.json", "dictionary.safetensors"), (1, "all")),
        ({"iterations": 1}, ("landmarks.json", "parsing", "dictionary.json"), (1, ())),
    ],
    ids=str,
)
def test_a_file_restores_as_its_weights_do(folded, mfpsnet, prior_faces, tmp_path, options, removed, said):
    out, _ = folded
    source = shutil.copytree(prior_faces, tmp_path / "faces")
    for name in removed:
        place = source / "priors" / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    made = {}
    for name, weights in {"file": out / "mfpsnet.onnx", "weights": mfpsnet}.items():
        values = {"weights": weights, "source": source, "out": tmp_path / name, "device": "cpu", **options}
        made[name] = restore(fill(RestoreConfig, values))
    done, truth = made.values()
    assert (done.iterations, done.left_out) == (truth.iterations, truth.left_out)
    expected, left_out = said
    assert done.iterations == expected
    assert set(done.left_out) == set(("parsing", "heatmap", "dictionary") if left_out == "all" else left_out)
    for file, other in zip(done.files, truth.files, strict=True):
        np.testing.assert_allclose(read_image(file).astype(int), read_image(other), atol=1)


def test_the_first_pass_of_a_file_needs_no_priors(folded):
    model = open_exported(folded[0] / "mfpsnet.onnx").model(device="cpu")
    (alone,) = model(picture := torch.rand(2, 3, 16, 16), None, 1)
    given = {
        "labels": torch.zeros(2, 4, 4, dtype=torch.int64),
        "landmarks": torch.rand(2, 68, 2),
        "boxes": torch.full((2, 4, 4), torch.nan),
        "entries": torch.full((2, 4), -1),
    }
    assert torch.equal(alone, model(picture, given)[0])


def test_a_file_with_another_dictionary_than_the_faces_is_refused(folded, prior_faces, dictionary, tmp_path, refused):
    source = shutil.copytree(prior_faces, tmp_path / "faces")
    file = source / "priors/dictionary.safetensors"
    before = sha256_of(file)
    write_dictionary(file, replace(dictionary, seed=dictionary.seed + 1))
    entries = file.with_suffix(".json")
    entries.write_text(entries.read_text().replace(before, sha256_of(file)))
    values = {"weights": folded[0] / "mfpsnet.onnx", "source": source, "out": tmp_path / "out", "device": "cpu"}
    with refused("is not the dictionary inside .*mfpsnet.onnx, .*export the network again"):
        restore(fill(RestoreConfig, values))
