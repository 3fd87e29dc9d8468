import json
import shutil

import pytest
from mfps.engine.configuration import resolve
from mfps.engine.curves import Curves
from mfps.engine.execution import Execution
from mfps.engine.run_folder import (
    MAY_CHANGE,
    RUN_FILES,
    RUN_FOLDERS,
    begin_run_folder,
    check_run_folder,
    clear_run_folder,
    continued,
    environment,
    was_compiled,
)
from mfps.engine.run_lock import LOCK
from mfps.engine.timed_choice import Choice
from mfps.nas.config import SearchConfig
from mfps.retrain.config import RetrainConfig


def begin(config):
    clear_run_folder(config)
    begin_run_folder(config)


@pytest.fixture
def config(tmp_path):
    def make(**changed):
        given = {"data": "faces", "out": tmp_path / "run", **changed}
        return resolve(SearchConfig, "small", None, given)

    return make


@pytest.fixture
def started(config):
    """A folder with everything that a run writes."""
    folder = config().out
    folder.mkdir()
    begin(config())
    for name in RUN_FILES:
        if not (folder / name).exists():
            (folder / name).write_text(name)
    Curves(folder / "tensorboard", 0).close()
    (folder / "checkpoints").mkdir()
    for name in ("e0001-b00000-s00000001-0123456789abcdef.safetensors", ".e0001.safetensors.77.part"):
        (folder / "checkpoints" / name).write_text(name)
    for name in (
        "front/00.json",
        ".front.999999999.part/front/01.json",
    ):  # the second is of a selection that was killed
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(name)
    return folder


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_says_how_it_was_made(config):
    config().out.mkdir()
    begin(config(resume=True))
    assert resolve(SearchConfig, "small", config().out / "config.yaml", {}) == config()
    assert '"torch"' in (config().out / "environment.json").read_text()
    assert environment()["mfps"]


@pytest.mark.parametrize("name", ["layout", "precision"])
def test_auto_stands_for_what_a_resumed_run_was_started_with(config, refused, name):
    """It is taken from the folder, so a resumed run is the same run; another choice is refused."""
    chosen = {"layout": ("channels-last", "contiguous"), "precision": ("float32", "bfloat16")}[name]
    config().out.mkdir()
    for value in chosen:
        begin(config(**{"layout": "contiguous", "precision": "float32", name: value}))
        others = {"layout": "auto", "precision": "auto"}
        found = continued(config(resume=True, **others))
        assert getattr(found, name) == value
        check_run_folder(found)
        (other,) = {*chosen} - {value}
        with refused(f"{name} was {value} and is {other}"):
            check_run_folder(continued(config(resume=True, **{**others, name: other})))
        for started_anew in (config(**others), config(overwrite=True, **others)):
            assert continued(started_anew) == started_anew


@pytest.mark.parametrize("written", ["layout: auto", "layout: 7", "layout: [1]", "seed: 0"])
def test_what_a_folder_does_not_say_stays_open(config, written):
    config().out.mkdir()
    (config().out / "config.yaml").write_text(f"{written}\n")
    assert continued(config(resume=True)).layout == "auto"


def test_the_environment_says_how_the_network_is_computed(config):
    config().out.mkdir()
    assert was_compiled(config().out) is None
    choice = Choice(Execution("contiguous", "bfloat16", True), {"contiguous bfloat16 compiled": 1.5})
    clear_run_folder(config())
    begin_run_folder(config(), choice)
    begin_run_folder(config(), Choice(Execution(), {}))  # resumed: what was measured stays
    assert json.loads((config().out / "environment.json").read_text())["execution"] == choice.record()
    assert was_compiled(config().out) is True
    (config().out / "environment.json").write_text('{"execution": 3}')
    assert was_compiled(config().out) is None


def test_a_run_overwrites_nothing_unasked(config, started, refused):
    before = content(started)
    with refused(
        "holds another run or other files, .*give a new folder for `out`, continue it with `resume`, or remove"
    ):
        check_run_folder(config())
    assert content(started) == before


def test_overwrite_removes_a_run_and_nothing_else(config, started, refused):
    (started / "thesis.tex").write_text("precious")
    with refused("run: holds thesis.tex besides a run, and `overwrite` removes only runs"):
        check_run_folder(config(overwrite=True))
    (started / "thesis.tex").unlink()
    check_run_folder(config(overwrite=True))
    begin(config(overwrite=True, seed=7))
    assert {path.name for path in started.iterdir()} == {"config.yaml", "environment.json", LOCK}
    assert "seed: 7" in (started / "config.yaml").read_text()


@pytest.mark.parametrize("place", ["", *RUN_FOLDERS])
@pytest.mark.parametrize("name", ["mine.safetensors", "e0001.safetensors", "a/b.txt", ".hidden", "history.jsonl/a"])
def test_overwrite_loses_no_file_that_a_run_would_not_write(config, started, refused, place, name):
    """Not in the folders of a run either, nor in a folder that has the name of a file."""
    file = started / place / name
    if file.parent.is_file():
        file.parent.unlink()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("precious")
    before = content(started)
    stays = (started / place / name.split("/")[0]).relative_to(started)
    with refused(f"run: holds {stays} besides a run, and `overwrite` removes only runs; move it away"):
        check_run_folder(config(overwrite=True))
    assert content(started) == before


def test_overwrite_follows_no_link(config, started, tmp_path):
    (tmp_path / "scratch").mkdir()
    for name in (*RUN_FOLDERS, *RUN_FILES[1:3]):
        (tmp_path / "scratch" / name).write_text("precious")
        shutil.rmtree(started / name) if (started / name).is_dir() else (started / name).unlink()
        (started / name).symlink_to(tmp_path / "scratch" / name)
    check_run_folder(config(overwrite=True))
    begin(config(overwrite=True))
    assert {path.name for path in started.iterdir()} - {LOCK} == {"config.yaml", "environment.json"}
    assert len(content(tmp_path / "scratch")) == len(RUN_FOLDERS) + 2
    assert not [path for path in started.iterdir() if path.is_symlink()]


@pytest.mark.parametrize("call", ["unlink", "rmdir"])
def test_an_overwriting_that_failed_can_be_done_again(config, started, monkeypatch, call):
    def fail(path, *_, **__):
        raise OSError(5, "Input/output error", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(f"pathlib.Path.{call}", fail)
        with pytest.raises(OSError, match="Input/output error"):
            begin(config(overwrite=True))
    check_run_folder(config(overwrite=True))
    begin(config(overwrite=True))
    assert {path.name for path in started.iterdir()} - {LOCK} == {"config.yaml", "environment.json"}


def test_overwriting_removes_a_link_and_not_what_it_leads_to(config, started, tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "precious").touch()
    shutil.rmtree(started / "tensorboard")
    (started / "tensorboard").symlink_to(tmp_path / "scratch")
    begin(config(overwrite=True))
    assert not (started / "tensorboard").exists()
    assert (tmp_path / "scratch" / "precious").exists()


def test_what_is_not_a_run_is_neither_resumed_nor_overwritten(config, tmp_path, refused):
    config().out.mkdir()
    (config().out / "thesis.tex").write_text("precious")
    for flag in ({}, {"resume": True}, {"overwrite": True}):
        with refused("holds another run or other files, and a run overwrites nothing; give a new folder for `out`$"):
            check_run_folder(config(**flag))


@pytest.mark.parametrize("flag", [{}, {"resume": True}, {"overwrite": True}])
@pytest.mark.parametrize("left", [(), (LOCK,), (".config.yaml.77.part",)])
def test_a_run_starts_in_an_empty_folder(config, flag, left):
    check_run_folder(config(**flag))
    config().out.mkdir()
    for name in left:
        (config().out / name).touch()
    check_run_folder(config(**flag))
    begin(config(**flag))
    assert {path.name for path in config().out.iterdir()} - {LOCK} == {"config.yaml", "environment.json"}


def test_a_run_is_resumed_with_the_options_it_was_started_with(config, started, refused):
    check_run_folder(config(resume=True))
    for by_content in ({"fix": {"upsample": "mfpsnet"}}, {"data": "moved", "list": "b.txt", "val_list": "c.txt"}):
        check_run_folder(config(resume=True, **by_content))  # see `check_inputs`
    check_run_folder(config(resume=True, epochs=99, device="cpu", workers=3, max_steps=1000, checkpoint_minutes=1))
    for changed, listed in (
        ({"size": 32}, "size was 128 and is 32"),
        ({"seed": 3, "flip": True}, "flip was False and is True, seed was 0 and is 3"),
        ({"clip_norm": 2.0}, "clip_norm was 1.0 and is 2.0"),
    ):
        with refused(f"the run was started with other options: {listed}"):
            check_run_folder(config(resume=True, **changed))


def test_the_same_degradation_may_be_written_differently(config, started, refused):
    file = started / "config.yaml"
    file.write_text(file.read_text().replace("degradation: full", "degradation: 'full: 0.50 , blur'"))
    check_run_folder(config(resume=True, degradation="full:.5,blur"))
    with refused("degradation was full:0.5,blur and is blur"):
        check_run_folder(config(resume=True, degradation="blur"))


def test_a_training_does_not_resume_a_search(config, started, refused):
    other = {"data": "faces", "out": started, "genotype": "mfpsnet", "resume": True}
    with refused("was started with other options: .* and [0-9]+ more; give the same ones"):
        check_run_folder(resolve(RetrainConfig, "tiny", None, other))


def test_a_damaged_configuration_is_not_resumed(config, started, refused):
    (started / "config.yaml").write_text("a: [1")
    with refused("config.yaml, line 1: not YAML"):
        check_run_folder(config(resume=True))


def test_all_that_may_change_is_an_option():
    assert {*SearchConfig.model_fields, *RetrainConfig.model_fields} >= MAY_CHANGE


@pytest.mark.parametrize(("recorded", "found"), [("dlib", "dlib"), ("fan", "fan"), (None, "auto")])
def test_a_resumed_run_keeps_what_found_its_landmarks(tmp_path, recorded, found):
    """A run that found none has recorded nothing. Whether the weights are the same is checked with the inputs."""
    given = {"data": "faces", "out": tmp_path / "run", "genotype": "mfpsnet"}
    (tmp_path / "run").mkdir()
    begin(resolve(RetrainConfig, "tiny", None, {**given, "landmarks_by": recorded}))
    assert ("landmarks_by" in (tmp_path / "run" / "config.yaml").read_text()) == (recorded is not None)
    again = continued(resolve(RetrainConfig, "tiny", None, {**given, "resume": True}))
    assert again.landmarks_by == found
    check_run_folder(again)
