"""Data folders made of links, as DVC and the Hugging Face hub make them: refused, or if asked like any other."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from mfps.files.boundary import Boundary

from ..gallery import cheaper_features
from .conftest import RETRAIN, SEARCH, inside, run_command
from .test_bad_input import assert_one_line
from .test_fields import MODELS

TRAIN = "--priors parsing,heatmap --list faces/train.txt"
PREPARE = "prepare faces new --size 16 --landmarks faces/priors/landmarks.json --labels faces/priors/parsing"
BUILD = "dictionary build faces --random-features --entries 1 --list faces/val.txt --device cpu --out new.safetensors"
COMMANDS = {
    "search": (f"{SEARCH} {TRAIN} --out new", "weights.safetensors"),
    "retrain": (f"{RETRAIN} --genotype three.json {TRAIN} --out new", "weights.safetensors"),
    "evaluate": ("evaluate net --data faces --list faces/val.txt --device cpu --out new", "comparison.png"),
    "restore": ("restore net faces --device cpu --out new", "0003.png"),
    "export": ("export net --data faces --format safetensors --out new", "net.safetensors"),
    "degrade": ("degrade faces --out new", "0003.png"),
    "prepare": (PREPARE, "priors/landmarks.json"),
    "dictionary build": (BUILD, ""),
}
"""For each command that reads a data folder one that reads photographs, lists and priors; and a file that it writes."""


def test_every_command_that_reads_a_data_folder_is_tried():
    """`demo` draws its own."""
    reading = {name for name, model in MODELS.items() if {"data", "photos", "source"} & model.model_fields.keys()}
    assert (
        reading == COMMANDS.keys() == {name for name, model in MODELS.items() if "follow_links" in model.model_fields}
    )


@pytest.fixture(scope="module")
def linked_world(trained_world, tmp_path_factory):
    """The world with a genotype of two priors, a network `net` trained with it, and the parts of `faces` as blobs."""
    folder = tmp_path_factory.mktemp("linked") / "world"
    shutil.copytree(trained_world, folder)
    with inside(folder):
        for command in (
            "genotype random --priors parsing,heatmap --width 1 --layers 1 --fusion-layers 1 --out three.json",
            f"{RETRAIN} --genotype three.json --priors parsing,heatmap --out net",
        ):
            ended = run_command(command)
            assert ended.status == 0, ended.err
    return folder


def link_files(folder: Path, blobs: Path, absolute: bool) -> None:
    """Replace every file by a link to a blob named by its hash: relative ones as the hub, absolute ones as DVC."""
    blobs.mkdir()
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        blob = blobs / hashlib.sha256(file.read_bytes()).hexdigest()
        shutil.move(file, blob)
        file.symlink_to(blob if absolute else os.path.relpath(blob, file.parent.absolute()))


@pytest.fixture(scope="module")
def without_links(linked_world, tmp_path_factory):
    """`without_links(name)`: what a command makes of the folder as it is; each is run once."""
    made = {}

    def run(name):
        if name not in made:
            world = shutil.copytree(linked_world, tmp_path_factory.mktemp("plain") / "world")
            with inside(world):
                ended = run_command(COMMANDS[name][0])
                assert ended.status == 0, ended.err
                made[name] = made_by(name).read_bytes()
        return made[name]

    return run


def made_by(name: str) -> Path:
    """The file that is compared, of a command that was run here."""
    command, made = COMMANDS[name]
    return Path(command.split("--out ")[1].split()[0] if "--out" in command else "new") / made


@pytest.mark.parametrize("absolute", [False, True], ids=["hub", "dvc"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_of_links_is_refused_unasked_and_read_if_asked(
    name, absolute, mfps, linked_world, without_links, tmp_path, monkeypatch
):
    cheaper_features(monkeypatch)
    expected = without_links(name)
    command = COMMANDS[name][0]
    shutil.copytree(linked_world, tmp_path / "world")
    monkeypatch.chdir(tmp_path / "world")
    link_files(Path("faces"), Path("blobs").absolute(), absolute)
    before = sorted(Path().rglob("*"))
    ended = mfps(command)
    assert_one_line(ended, ("a link that leads out of", "set --follow-links"))
    assert sorted(Path().rglob("*")) == before
    ended = mfps(f"{command} --follow-links")
    assert ended.status == 0, ended.err
    assert made_by(name).read_bytes() == expected


def test_a_boundary_that_follows_links_refuses_nothing(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").symlink_to("/dev/zero")
    Boundary(tmp_path / "data", follow_links=True).check(tmp_path / "data" / "a")


@pytest.mark.parametrize("made", ["landmarks.json", "parsing/0003.png", "parsing"])
def test_a_single_link_is_refused_too(made, mfps, linked_world, tmp_path, monkeypatch):
    """Of whatever is read from a data folder, by every command that reads it."""
    shutil.copytree(linked_world, tmp_path / "world")
    monkeypatch.chdir(tmp_path / "world")
    shutil.move(f"faces/priors/{made}", "elsewhere")
    Path(f"faces/priors/{made}").symlink_to(Path("elsewhere").absolute())
    for name in ("search", "retrain", "restore", *(["dictionary build"] if "landmarks" in made else [])):
        ended = mfps(COMMANDS[name][0])
        assert ended.status == 1, name
        assert "a link that leads out of" in ended.err, name
    if made == "parsing/0003.png":
        assert "dropped   0003.png: faces/priors/parsing/0003.png: a link that leads out of" in mfps(PREPARE).out
