"""`--config` of the commands without a configuration of their own."""

import json

import numpy as np
import pytest
import typer
import yaml
from mfps.cli.config_file import NO_VALUES
from mfps.cli.main import app
from mfps.degradation.presets import Degradation, degradation_rng
from mfps.images.image import read_image
from mfps.nas.config import SearchConfig
from mfps.retrain.config import RetrainConfig

OWN = ("search", "retrain")
"""Commands whose configuration is read by `engine.configuration`."""


def with_config():
    group = typer.main.get_command(app)
    below = [(name, command) for name, command in group.commands.items() if not hasattr(command, "commands")]
    below += [("dictionary build", group.commands["dictionary"].commands["build"])]
    return {
        name: command
        for name, command in below
        if name not in OWN and any("--config" in parameter.opts for parameter in command.params)
    }


@pytest.fixture
def written(world):
    """`written(**options)` writes a file of options and gives its name."""

    def write(**options):
        (world / "some.yaml").write_text(yaml.safe_dump({k.replace("_", "-"): v for k, v in options.items()}))
        return "some.yaml"

    return write


def test_every_command_that_works_on_faces_has_it():
    assert set(with_config()) == {"demo", "prepare", "evaluate", "restore", "degrade", "dictionary build"}


def test_the_files_values_stand_in_for_the_defaults_and_the_command_line_wins(mfps, world, written):
    file = written(out="one", degradation="blur", size=16, seed=5)
    done = mfps(f"degrade faces --config {file}")
    assert done.status == 0, done.err
    clean = read_image(world / "faces/images/0002.png")
    assert read_image(world / "one/0002.png").shape == (16, 16, 3)
    assert mfps(f"degrade faces --out two --size 32 --degradation noise --config {file}").status == 0
    expected = Degradation.parse("noise").apply(clean, degradation_rng(5, 0, 2))
    assert np.array_equal(read_image(world / "two/0002.png"), expected)


def test_lists_flags_and_single_values(mfps, world, written):
    file = written(
        data="faces", out="judged", list="faces/val.txt", degradation=["blur", "noise:1"], save_images=True, shown=1,
        device="cpu", workers=0, drop_prior=[], seed=None,
    )  # fmt: skip
    done = mfps(f"evaluate trained --config {file}")
    assert done.status == 0, done.err
    report = json.loads((world / "judged/evaluation.json").read_text())
    assert [result["degradation"] for result in report["results"]] == ["blur", "noise:1"]
    assert len(report["faces"]) == 2 * 2
    assert report["convention"]["degradation_seed"] == 0
    assert (world / "judged/restored").is_dir()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sede: 3", "some.yaml: unknown option 'sede': did you mean seed?"),
        ("epochs: 3", "some.yaml: unknown option 'epochs': known are out, degradation, size, seed"),
        ("source: faces", "some.yaml: unknown option 'source': known are"),
        ("config: other.yaml", "some.yaml: unknown option 'config'"),
        ("help: true", "some.yaml: unknown option 'help'"),
        ("size: 16.5", "some.yaml: size: "),
        ("size: many", "some.yaml: size: "),
        ("size: {a: 1}", "some.yaml: size: {'a': 1} is no plain value"),
        ("size: [[1]]", "some.yaml: size: [[1]] is no plain value"),
        ("size: &a 1", "some.yaml"),
        ("- 1", "some.yaml: a configuration is `option: value` lines"),
        ("size: -1", "--size is -1"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_and_nothing_is_written(mfps, world, content, said):
    (world / "some.yaml").write_text(content)
    ended = mfps("degrade faces --out new --config some.yaml")
    assert (ended.status, ended.out) == (1, "")
    assert said in ended.err
    assert ended.err.startswith("mfps: ")
    assert ended.err.count("\n") == 1
    assert not (world / "new").exists()


def test_a_file_that_is_not_there(mfps, world):
    ended = mfps("degrade faces --out new --config none.yaml")
    assert ended.status == 1
    assert "none.yaml" in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("name", ["demo", "prepare", "evaluate", "restore", "degrade", "dictionary build"])
def test_every_option_can_be_named_as_it_is_written(name):
    """Names in a file are those of the command line, and no two options would share one."""
    options = [p.opts[0] for p in with_config()[name].params if p.param_type_name == "option"]
    names = [option.removeprefix("--").replace("-", "_") for option in options]
    assert len(set(names)) == len(names)
    assert set(NO_VALUES) <= {*names, "help"}
    shared = {"data", "out", "list", "priors", "size", "seed", "device"} & set(names)
    assert shared - {"list"} <= {*SearchConfig.model_fields, *RetrainConfig.model_fields}
