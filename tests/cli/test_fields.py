"""Commands that are filled from configurations: every field has an option, a help text and a place in `--help`."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import numpy as np
import pytest
import typer
import yaml
from mfps.cli import (
    bench,
    degrade,
    demo,
    dictionary,
    evaluate,
    export,
    latency,
    prepare,
    rank,
    restore,
    retrain,
    search,
    serve,
    study,
)
from mfps.cli.fields import _command as make_command
from mfps.cli.fields import add_command, in_options
from mfps.cli.main import app
from mfps.degradation.presets import Degradation, degradation_rng
from mfps.engine.configuration import preset_fields
from mfps.files.config_model import ConfigModel, Panel, panel_of
from mfps.images.image import read_image
from mfps.nas.budget import Limit, MaxGflops


class Budgeted(ConfigModel):
    """For the test of limits."""

    max_gflops: MaxGflops = None
    max_parameters: Annotated[Limit | None, Panel.BUDGET] = None
    """Most parameters."""


ROOT = Path(__file__).parent.parent.parent
MODELS = {
    "demo": demo.model(),
    "prepare": prepare.model(),
    "search": search.model(),
    "retrain": retrain.model(),
    "evaluate": evaluate.model(),
    "rank": rank.model(),
    "study": study.model(),
    "restore": restore.model(),
    "serve": serve.model(),
    "bench": bench.model(),
    "latency measure": latency.model(),
    "export": export.model(),
    "degrade": degrade.model(),
    "dictionary build": dictionary.model(),
}
POSITIONAL = {
    "prepare": ("photos", "out"),
    "evaluate": ("weights",),
    "rank": ("genotype",),
    "study": ("plan",),
    "restore": ("weights", "source"),
    "serve": ("runs",),
    "bench": ("network",),
    "export": ("weights",),
    "degrade": ("source",),
    "dictionary build": ("data",),
}
STAGES = ("search", "retrain")


def parameters(name):
    """A command's parameters by name, without `--help`."""
    command = typer.main.get_command(app)
    for part in name.split():
        command = command.commands[part]
    return {p.name: p for p in command.get_params(typer.Context(command)) if p.name != "help"}


@pytest.mark.parametrize("name", MODELS)
def test_every_field_has_an_option_a_help_text_and_a_panel(name):
    found, fields = parameters(name), MODELS[name].model_fields
    assert set(found) == {*fields, "config", *(["preset"] if name in STAGES else [])}
    assert tuple(n for n, p in found.items() if p.param_type_name == "argument") == POSITIONAL.get(name, ())
    for field, info in fields.items():
        assert info.description, field
        assert found[field].help
        if field not in POSITIONAL.get(name, ()):
            assert found[field].opts[0] == f"--{field.replace('_', '-')}"
            assert found[field].rich_help_panel == panel_of(info).value
        assert info.default is not False or found[field].secondary_opts == [f"--no-{field.replace('_', '-')}"]


@pytest.mark.parametrize("name", MODELS)
def test_whatever_is_given_reaches_the_configuration(name, monkeypatch):
    def resolved(model, preset, file, given):
        return {**given, "preset": preset}

    monkeypatch.setattr("mfps.engine.configuration.resolve", resolved)
    monkeypatch.setattr("mfps.files.config_model.fill", lambda model, given, *_: given)
    reached = {}
    command = make_command(lambda config, *_: reached.update(config), MODELS[name], ())
    options = inspect.signature(command).parameters.keys() - {"context", "config"}
    given = {option: object() for option in options}
    command(context=None, config=None, **given)
    assert reached == given


@pytest.mark.parametrize("name", MODELS)
def test_no_two_fields_are_explained_differently(name):
    """What several commands share is a field of `engine.fields`, `images.fields` or `priors.fields`."""
    shared = "drop_prior workers device precision priors_from weights_dir landmarks_by parser dictionary follow_links"
    for field in shared.split():
        texts = {model.model_fields[field].description for model in MODELS.values() if field in model.model_fields}
        assert len(texts) == 1, field


@pytest.mark.parametrize("name", STAGES)
def test_the_help_says_what_is_required_what_a_preset_sets_and_other_defaults(name):
    found, fields = parameters(name), MODELS[name].model_fields
    of_preset = preset_fields(name)
    for field, info in fields.items():
        if info.is_required():
            assert found[field].help.endswith("[required]")
        elif field in of_preset:
            assert found[field].help.endswith("[preset]")
        elif isinstance(info.default, int | float | str) and info.default is not False:
            shown = "on" if info.default is True else info.default
            assert found[field].help.endswith(f"[default: {shown}]")


def test_a_text_of_the_library_is_rewritten_for_options():
    known = [
        SimpleNamespace(name="drop_prior", param_type_name="option", opts=["--drop-prior"]),
        SimpleNamespace(name="photos", param_type_name="argument", opts=["photos"], metavar="PHOTOS"),
        SimpleNamespace(name="list_", param_type_name="option", opts=["--list"]),
    ]
    text = "`drop_prior` of `photos` and `list`: see `mfps doctor`, `size` and `option: value`"
    assert in_options(text, known) == "--drop-prior of PHOTOS and --list: see `mfps doctor`, `size` and `option: value`"


def test_the_library_does_not_know_the_command_line():
    """It names fields; the command line turns them into options in one place."""
    found_options = {}
    for file in ROOT.rglob("*.py"):
        top = file.relative_to(ROOT).parts[0]
        if top.startswith((".", "build")) or top in ("cli", "tests", "benchmarks", "examples", "docs"):
            continue
        if file == ROOT / "study/sitting.py":  # it runs commands, as processes
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = re.sub(r"pip install( --[a-z-]+)*", "", node.value)  # pip's options are not ours
                found = re.findall(r"(?<![\w-])--(?:[a-z][a-z-]*|$)", text)
                found_options |= {f"{file.relative_to(ROOT)}:{node.lineno}": found} if found else {}
    assert found_options == {}


def test_configurations_are_light(tmp_path):
    """Help needs the classes, and must not wait for torch."""
    modules = sorted({model.__module__ for model in MODELS.values()})
    heavy = ("torch", "numpy", "lightning_fabric", "matplotlib", "cv2", "skimage")
    program = f"import sys, {', '.join(modules)}; print(*sorted(set(sys.modules) & set({heavy!r})))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.fixture
def written(world):
    """`written(**values)` writes a file of values and returns its name."""

    def write(**values):
        (world / "some.yaml").write_text(yaml.safe_dump({k.replace("_", "-"): v for k, v in values.items()}))
        return "some.yaml"

    return write


def test_the_files_values_stand_in_for_the_defaults_and_the_command_line_wins(mfps, world, written):
    file = written(source="faces", out="one", degradation="blur", size=16, seed=5)
    done = mfps(f"degrade --config {file}")
    assert done.status == 0, done.err
    clean = read_image(world / "faces/images/0002.png")
    assert read_image(world / "one/0002.png").shape == (16, 16, 3)
    assert mfps(f"degrade faces --out two --size 32 --degradation noise --config {file}").status == 0
    expected = Degradation.parse("noise").apply(clean, degradation_rng(5, 0, "0002.png"))
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
    assert mfps(f"evaluate trained --config {file} --out again --no-save-images --degradation blur").status == 0
    assert not (world / "again/restored").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sede: 3", "some.yaml: unknown option 'sede': did you mean seed?"),
        ("epochs: 3", "some.yaml: unknown option 'epochs': known are source, out, degradation, size, seed"),
        ("preset: tiny", "some.yaml: unknown option 'preset'"),
        ("config: other.yaml", "some.yaml: unknown option 'config'"),
        ("help: true", "some.yaml: unknown option 'help'"),
        ("size: 16.5", "some.yaml: size: must be an integer (got 16.5)"),
        ("size: many", "some.yaml: size: must be an integer (got 'many')"),
        ("size: {a: 1}", "some.yaml: size: must be an integer (got {'a': 1})"),
        ("size: [[1]]", "some.yaml: size: must be an integer"),
        ("size: &a 1", "some.yaml"),
        ("- 1", "some.yaml: a configuration is `option: value` lines"),
        ("size: -1", "some.yaml: size: must be greater than or equal to 1 (got -1)"),
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


def test_limits_of_costs_are_taken_as_texts() -> None:
    given = []

    def budget(config: Budgeted) -> None:
        """Take a budget."""
        given.append(config)

    made = typer.Typer()
    made.callback()(lambda: None)
    add_command(made, budget, lambda: Budgeted)
    made(["budget", "--max-gflops", "60%", "--max-parameters", "3e6"], standalone_mode=False)
    assert given == [Budgeted(max_gflops="60%", max_parameters="3e6")]
