"""An epoch of a search, wherever a genotype is named: RUN@12."""

import json

import pytest
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import read_epoch, read_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.searched_epoch import epoch_record
from mfps.genotypes.space import search_space

from .wide_genotypes import wide_genotype

EPOCHS = {epoch: random_genotype(search_space(), epoch) for epoch in range(1, 12)} | {12: wide_genotype()}


def write_run(folder, epochs=EPOCHS):
    folder.mkdir(parents=True)
    records = [
        {"epoch": epoch, "genotype": genotype.architecture, "probabilities": {}} for epoch, genotype in epochs.items()
    ]
    (folder / "history.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "genotype.json").write_text(epochs[max(epochs)].to_json())
    return folder


@pytest.mark.parametrize("name", ["run", "runs@home/search@3"])
def test_every_epoch_is_named_by_its_number(tmp_path, monkeypatch, name):
    run = write_run(tmp_path / name)
    for epoch, genotype in EPOCHS.items():
        for named in (f"{run}@{epoch}", f"{run}/@{epoch}"):
            assert read_genotype(named).hash == genotype.hash
    monkeypatch.chdir(tmp_path)
    assert Genotype.load(f"{name}@2").hash == read_epoch(run, 2).hash == EPOCHS[2].hash
    assert read_genotype(f"{name}@12").hash == read_genotype(name).hash


def test_what_exists_under_the_whole_name_comes_first(tmp_path):
    run = write_run(tmp_path / "run")
    write_run(tmp_path / "run@1", {1: EPOCHS[5], 2: EPOCHS[6]})
    assert read_genotype(f"{run}@1").hash == EPOCHS[6].hash
    assert read_genotype(f"{run}@1@1").hash == EPOCHS[5].hash
    (tmp_path / "run@2").write_text(EPOCHS[7].to_json())
    assert read_genotype(tmp_path / "run@2").hash == EPOCHS[7].hash


def test_an_epoch_that_is_not_there(tmp_path, refused):
    run = write_run(tmp_path / "run", {1: EPOCHS[1], 2: EPOCHS[2]})
    long = write_run(tmp_path / "long", dict.fromkeys(range(1, 1000), EPOCHS[1]))
    for named, rule in (
        (f"{run}@3", "run: has no searched epoch 3; it has 1, 2$"),
        (f"{run}@0", "has no searched epoch 0"),
        (f"{long}@1000", "long: has no searched epoch 1000; it has 1 to 999$"),
        (f"{run}@last", "no genotype '.*run@last'.*RUN@12 for epoch 12"),
        (f"{run}@{'1' * 10}", "no genotype"),
        (f"{run}@\u0661", "no genotype"),
        (f"{run}@", "no genotype"),
        ("mfpsnet@1", "no genotype 'mfpsnet@1'"),
        ("@1", "no genotype"),
    ):
        with refused(rule):
            read_genotype(named)
    (tmp_path / "empty").mkdir()
    with refused(r"empty: holds no history.jsonl"):
        read_genotype(tmp_path / "empty@1")


@pytest.mark.parametrize(
    "broken",
    [
        '{"epoch": 1, "probabilities": {}}',
        '{"epoch": 1, "probabilities": {}, "genotype": 3}',
        '{"epoch": 1, "probabilities": {}, "genotype": {"backbone": 3}}',
    ],
)
def test_a_damaged_epoch(tmp_path, refused, broken):
    run = write_run(tmp_path / "run")
    (run / "history.jsonl").write_text(broken + "\n")
    with refused("history.jsonl: "):
        read_genotype(f"{run}@1")


def test_a_training_has_no_epochs_of_this_kind(tmp_path, refused):
    (tmp_path / "history.jsonl").write_text('{"epoch": 1, "loss": 2}\n')
    with refused("has no searched epoch; give the folder of a search"):
        epoch_record(tmp_path, 1)


def test_a_search_that_decides_nothing_before_its_selection_says_so(tmp_path, refused):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "history.jsonl").write_text('{"epoch": 1, "worth": {"upsample": 0.1}}\n')
    with refused("run: its strategy decides nothing before the selection.*a member of its front such as run#0"):
        read_genotype(f"{tmp_path / 'run'}@1")
