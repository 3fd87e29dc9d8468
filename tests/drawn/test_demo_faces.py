import json

import pytest
from mfps.data.dataset import FaceFolder
from mfps.drawn.demo_faces import DemoCounts, write_demo_faces
from mfps.genotypes.space import PRIORS
from mfps.priors.extractor import found_channels


@pytest.fixture
def write(console, cheap_features):
    """`write(folder, priors)` draws four faces to learn from and two to test on."""

    def run(folder, priors=PRIORS, seed=3):
        write_demo_faces(folder, DemoCounts(4, 1, 1, 3), 32, priors, seed, console, "cpu")
        return folder

    return run


def test_every_prior_and_its_provenance(write, tmp_path):
    folder = write(tmp_path / "faces")
    faces = FaceFolder(folder, 32, "noise", folder / "train.txt", PRIORS)
    assert faces.prior_channels == found_channels(PRIORS, False)
    assert len(faces) == 4
    provenance = json.loads((folder / "priors" / "provenance.json").read_text())
    assert {prior: by["made_from"] for prior, by in provenance.items()} == dict.fromkeys(PRIORS, "clean")
    assert provenance["dictionary"]["features"] == "seeded random VGG19 (seed 3)"
    # From training faces only: the others are for validation.
    assert set((folder / "dictionary.txt").read_text().split()) < set((folder / "train.txt").read_text().split())


def test_equal_seeds_give_equal_bytes(write, tmp_path, tree):
    first, second = tree(write(tmp_path / "a")), tree(write(tmp_path / "b"))
    assert first == second
    assert tree(write(tmp_path / "c", seed=4))["priors/dictionary.json"] != first["priors/dictionary.json"]


def test_no_dictionary_unless_requested(write, tmp_path):
    folder = write(tmp_path / "faces", ("heatmap",))
    assert not list(folder.rglob("dictionary*"))
