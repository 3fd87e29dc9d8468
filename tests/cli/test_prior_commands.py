"""The commands that make priors, once each through the installed `mfps`, and their one-line errors."""

import json
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mfps.drawn.faces import write_drawn_faces
from mfps.files.external_weights import WEIGHTS
from mfps.images.image import write_image
from mfps.priors.dictionary.dictionary_file import read_dictionary
from mfps.priors.landmarks.landmark_file import read_landmarks, write_landmarks

from ..processes import run_process
from .bad_world import write_network
from .cases import Case
from .conftest import Ended
from .prior_cases import DICTIONARY_CASES, PREPARE_CASES, RUN_CASES
from .test_bad_input import assert_one_line, tree
from .test_commands import installed, names, succeeded


@pytest.fixture(scope="module")
def prior_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn `faces` with their priors, the same as `photos` with `marks.json`, and what cannot be used."""
    folder = tmp_path_factory.mktemp("priors") / "world"
    write_drawn_faces(folder / "faces", 2, 32, seed=0)
    shutil.copytree(folder / "faces" / "images", folder / "photos")
    shutil.copy(folder / "faces" / "priors" / "landmarks.json", folder / "marks.json")
    write_landmarks(folder / "others.json", "ibug68", {"zzz.png": ((32, 32), np.zeros((68, 2)))})
    for name in ("empty", "twins", "wrong", "pages", "pickled"):
        (folder / name).mkdir()
    (folder / "note.txt").write_text("nothing of use")
    for suffix in ("png", "bmp"):
        shutil.copy(folder / "photos" / "0000.png", folder / "twins" / f"one.{suffix}")
    for weights in WEIGHTS:
        (folder / "wrong" / weights.file).write_bytes(b"another network")
        (folder / "pages" / weights.file).write_text("<!DOCTYPE html>")
    for name in ("page.safetensors", "pages/model.safetensors"):
        (folder / name).write_text("<!DOCTYPE html>")
    (folder / "pages" / "config.json").write_text('{"model_type": "segformer"}')
    (folder / "pickled" / "pytorch_model.bin").touch()
    shutil.copytree(folder / "faces", folder / "damaged")
    (folder / "damaged" / "priors" / "provenance.json").write_text("[]")
    write_network(folder / "takes.safetensors", "heatmap", 68)
    return folder


@pytest.fixture
def world(prior_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The world, which no test may change, without a network and without weights elsewhere."""

    def no_network(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.chdir(prior_world)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("MFPS_WEIGHTS", raising=False)
    monkeypatch.setattr("urllib.request.urlopen", no_network)
    return prior_world


@pytest.mark.parametrize("bad", [*PREPARE_CASES, *DICTIONARY_CASES, *RUN_CASES])
def test_one_line_says_what_is_wrong_and_nothing_is_written(
    world: Path, mfps: Callable[[str], Ended], bad: Case
) -> None:
    before = tree(world)
    ended = mfps(bad.command)
    after = tree(world)
    shutil.rmtree("new", ignore_errors=True)
    assert_one_line(ended, bad.named)
    assert after == before


def test_photographs_to_priors(prior_world: Path, tmp_path: Path) -> None:
    """`prepare`, then `dictionary build`, then `prepare` with the dictionary."""
    shutil.copytree(prior_world / "photos", tmp_path / "photos")
    shutil.copy(prior_world / "marks.json", tmp_path)
    (tmp_path / "photos" / "bad.jpg").write_text("no picture")
    shared = "--landmarks marks.json --size 16 --device cpu --workers 1"
    said = succeeded(f"prepare photos faces {shared} --priors heatmap --val 0.5", tmp_path)
    assert "dropped   bad.jpg: " in said
    assert "kept      2 faces, dropped 1" in said
    results = {"images", "priors", ".prepare", "train.txt", "val.txt", "report.md", "contact.png", "manifest.json"}
    assert names(tmp_path / "faces") == results
    assert len(read_landmarks(tmp_path / "faces" / "priors" / "landmarks.json").faces) == 2

    said = succeeded("dictionary build faces --out d.safetensors --entries 1 --random-features --seed 2", tmp_path)
    assert "dictionary  d.safetensors" in said
    assert read_dictionary(tmp_path / "d.safetensors").features == "seeded random VGG19 (seed 2)"
    said = succeeded(
        f"prepare photos more {shared} --priors heatmap,dictionary --dictionary d.safetensors", tmp_path, again=True
    )
    assert "next      mfps search --data more --list more/train.txt --val-list more/val.txt --priors heatmap,d" in said
    assert "heatmap, dictionary: oracle priors" in (tmp_path / "more" / "report.md").read_text()


def test_without_any_face_it_ends_with_an_error(
    prior_world: Path, tmp_path: Path, mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(prior_world)
    command = f"prepare photos {tmp_path / 'new'} --landmarks marks.json --priors heatmap --size 64 --device cpu"
    ended = mfps(command)
    assert ended.status == 1
    assert ended.out.count("too small") == 2
    assert ended.err.startswith("mfps: photos: no face was kept from 2 photographs; first 0000.png: too small")
    assert ended.err.count("\n") == 1


KILLED = """
import os, signal
from mfps.cli.main import main
from mfps.files.done_journal import DoneJournal
add = DoneJournal.add
def add_and_die(journal, key, **entry):
    add(journal, key, **entry)
    if len(journal.entries) == 5:
        os.killpg(0, signal.SIGKILL)
DoneJournal.add = add_and_die
main()
"""
"""`mfps`, whose processes all die once five photographs are recorded."""


def test_a_killed_prepare_continues_to_the_same_bytes(
    prior_world: Path, tmp_path: Path, mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photos, points = tmp_path / "photos", {}
    photos.mkdir()
    image = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    marks = np.array(read_landmarks(prior_world / "marks.json").faces["0000.png"].points)
    for number in range(24):
        write_image(photos / f"{number:02d}.png", image[:, : 400 - number])
        points[f"{number:02d}.png"] = ((400 - number, 400), marks * 12)
    write_landmarks(tmp_path / "marks.json", "ibug68", points)
    command = "prepare photos {} --landmarks marks.json --priors heatmap --size 256 --workers 2 --device cpu"
    assert mfps(command.format("whole")).status == 0
    ended = run_process(sys.executable, "-c", KILLED, *command.format("killed").split(), folder=tmp_path)
    assert ended.status == -signal.SIGKILL, ended.err
    journal = tmp_path / "killed" / ".prepare" / "photographs.jsonl"
    assert journal.read_text().count("\n") == 6
    assert not (tmp_path / "killed" / "manifest.json").exists()
    assert mfps(command.format("killed")).status == 0
    whole, killed = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "whole", tmp_path / "killed")
    )
    assert whole == killed


def test_doctor(tmp_path: Path) -> None:
    said = succeeded("doctor", tmp_path)
    for name in ("torch", "CUDA", "dot", "transformers", "face parser", *(weights.name for weights in WEIGHTS)):
        assert any(line.split()[1:2] == [name] or line[10:].startswith(name) for line in said.splitlines()), name
    ended = installed(f"doctor --json --weights-dir {tmp_path}", tmp_path, TORCH_HOME=str(tmp_path / "empty"))
    found = {finding["name"]: finding for finding in json.loads(ended.out)}
    for weights in (weights for weights in WEIGHTS if not weights.package):
        assert found[weights.name]["there"] is False
        assert weights.url in found[weights.name]["remedy"]
