"""Files are checked on the run's own faces where they are, on given ones, or on drawn ones, and it is said which."""

import shutil
from dataclasses import replace

import pytest
import torch
from mfps.export.config import ExportConfig
from mfps.export.plan import plan_export
from mfps.files.hashes import sha256_of
from mfps.files.yaml_text import plain_yaml
from mfps.images.lists import list_text
from mfps.priors.dictionary.dictionary_file import write_dictionary

from .conftest import SIZE


@pytest.fixture
def run(tmp_path, mfpsnet, prior_faces):
    """A run folder as a training leaves it, and its faces."""
    shutil.copytree(prior_faces, tmp_path / "faces")
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(mfpsnet, folder)
    (tmp_path / "val.txt").write_text(list_text(["0003.png", "0001.png"]))
    values = {"data": str(tmp_path / "faces"), "val_list": str(tmp_path / "val.txt"), "seed": 5}
    (folder / "config.yaml").write_text(plain_yaml(values))
    return folder


def plan(run, **values):
    return plan_export(ExportConfig(weights=run, out=run / "out", format=("safetensors",), **values))


def test_the_runs_own_validation_faces(run):
    for weights in (run, run / "weights.safetensors"):
        planned = plan(weights)
        assert (planned.name, planned.note) == ("run", "")
        assert planned.faces.described == "2 faces of faces"
    assert set(planned.faces.priors.inputs) == {"parsing", "heatmap", "dictionary"}
    given = plan(run, degradation="none").faces
    assert torch.equal(given.degraded, given.clean)
    assert not torch.equal(planned.faces.degraded, planned.faces.clean)


def test_folded_priors_of_stored_faces_are_what_is_stored(run):
    stored, folded = plan(run), plan(run, priors="folded")
    assert set(folded.faces.priors.inputs) == {"labels", "landmarks", "boxes", "entries"}
    for prior, maps in folded.faces.priors.maps.items():
        assert torch.equal(maps, stored.faces.priors.maps[prior])


def test_a_run_whose_faces_are_gone(run, tmp_path, refused):
    shutil.rmtree(tmp_path / "faces")
    planned = plan(run)
    assert planned.note == "the run's faces are not there; name others as `data`"
    assert planned.faces.described == "4 drawn faces"
    assert planned.faces.degraded.shape == (4, 3, SIZE, SIZE)
    with refused("name the `dictionary` that the network was trained with"):
        plan(run, priors="folded")


def test_a_run_whose_faces_are_others_now(run, tmp_path):
    (tmp_path / "faces/images/0003.png").write_text("no picture")
    planned = plan(run)
    assert planned.note.startswith("the run's faces cannot be used: ")
    assert "0003.png" in planned.note
    (tmp_path / "faces/images/0003.png").unlink()
    assert plan(run).faces.described == "4 drawn faces"


def test_faces_that_are_given_must_do(run, tmp_path, refused):
    assert plan(run, data=tmp_path / "faces").faces.described == "3 faces of faces"
    with refused("smaller than 64 pixels"):
        plan(run, data=tmp_path / "faces", size=64)
    with refused("no such data folder"):
        plan(run, data=tmp_path / "nothing")


def test_priors_that_are_not_stored_are_made_up(run, tmp_path):
    shutil.rmtree(tmp_path / "faces/priors")
    planned = plan(run)
    assert planned.faces.described == "2 faces of faces with made-up priors"
    again = plan(run)
    for prior, maps in planned.faces.priors.maps.items():
        assert torch.equal(maps, again.faces.priors.maps[prior])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"priors": "folded", "iterations": 1}, "`priors` folded: the first pass takes no priors"),
        ({"wrap": "face512"}, "`wrap` face512 takes a picture and nothing else, so `priors` inputs cannot be had"),
        ({"wrap": "face512", "priors": "folded"}, "so `priors` folded cannot be had"),
    ],
    ids=str,
)
def test_what_the_network_cannot_be_exported_as(run, values, said, refused):
    with refused(said):
        plan(run, **values)


def test_zeros_are_zeros_for_the_network_too(run):
    faces = plan(run, priors="zeros").faces
    assert faces.described == "2 faces of faces"
    assert [int(maps.abs().sum()) for maps in faces.priors.maps.values()] == [0, 0, 0]
    assert faces.priors.inputs == {}


def test_what_is_not_taken_is_not_asked_for(run, frsnet):
    assert plan(run, iterations=1).spec.channels == {}
    assert plan(run, iterations=1).metadata.priors == "none"
    assert plan(run, iterations=3).metadata.outputs == (2,)
    assert plan(run, wrap="face512", priors="zeros").faces.priors.inputs == {}
    assert plan(run, wrap="face512", iterations=1).metadata.batch == 1
    assert plan(frsnet).metadata.priors == "none"


@pytest.fixture
def another_dictionary(tmp_path, dictionary):
    """A dictionary file with other entries."""
    file = tmp_path / "another.safetensors"
    others = {part: centres + 1 for part, centres in dictionary.centres.items()}
    write_dictionary(file, replace(dictionary, centres=others))
    return file


def test_entries_are_numbers_in_the_dictionary_of_the_faces(run, tmp_path, another_dictionary, refused):
    own = tmp_path / "faces/priors/dictionary.safetensors"
    assert plan(run, priors="folded", dictionary=own).metadata.dictionary_sha256 == sha256_of(own)
    assert plan(run, priors="inputs").metadata.dictionary_sha256 == ""
    with refused("another.safetensors: the faces in .* have numbers of entries in another one, .*; leave `dictionary`"):
        plan(run, priors="folded", dictionary=another_dictionary)


def test_what_no_dictionary_has_cannot_be_drawn(tmp_path, prior_faces, write_network, refused):
    write_network(tmp_path, {"dictionary": 5})
    for data in (prior_faces, None):
        with refused("entries have 256 channels, but the network takes 5; set `priors` to inputs or zeros"):
            plan(tmp_path, priors="folded", data=data, dictionary=prior_faces / "priors/dictionary.safetensors")
