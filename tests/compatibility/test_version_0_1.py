"""What version 0.1 made still loads: a data set, run folders, a genotype, an official checkpoint.

Its unfinished runs do not go on: a face's degradation followed from its position in the list, now from its name.

`version_0_1/` was made by that version's commands, with drawn faces of 32 pixels and networks of width 1;
`expected.json` holds what that version then made of them.
"""

import json
import shutil
from pathlib import Path

import pytest
from mfps.engine.configuration import resolve
from mfps.nas.config import SearchConfig
from mfps.nas.open_search import finished_search
from mfps.retrain.config import RetrainConfig
from safetensors.torch import load_file

from ..cli.conftest import run_command

MADE = Path(__file__).parent / "version_0_1"
TINY = "--data faces --preset tiny --size 16 --batch-size 1 --device cpu --layout channels-last --width 1"
EXPECTED = json.loads((MADE / "expected.json").read_text())


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A copy of what was made, in which the test runs."""
    shutil.copytree(MADE, tmp_path / "made")
    monkeypatch.chdir(tmp_path / "made")
    return tmp_path / "made"


def succeeded(command):
    ended = run_command(command)
    assert ended.status == 0, ended.err
    return ended.out


def alike(found, expected):
    """Equal but for what another processor's rounding does."""
    if isinstance(expected, dict):
        return all(alike(found[key], value) for key, value in expected.items())
    return found == expected if isinstance(expected, str) else found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("stage", "options"), [
    ("search", "--layers 1 --fusion-layers 1 --warmup-epochs 0"), ("retrain", "--genotype search"),
])  # fmt: skip
def test_an_unfinished_run_is_refused_with_the_reason(made, stage, options):
    before = {file: file.read_bytes() for file in (made / stage).rglob("*") if file.is_file()}
    ended = run_command(f"{stage} {TINY} {options} --epoch-steps 1 --epochs 2 --out {stage} --resume")
    assert ended.status == 1
    assert "degradation followed from its position in the list; now its name decides" in ended.err
    assert {file: file.read_bytes() for file in (made / stage).rglob("*") if file.is_file()} == before


def test_a_trained_network_is_trained_further(made):
    succeeded(f"retrain {TINY} --init-from retrain --epoch-steps 1 --epochs 1 --out further")
    assert json.loads((made / "further" / "history.jsonl").read_text())["epoch"] == 1


@pytest.mark.parametrize(("stage", "model"), [("search", SearchConfig), ("retrain", RetrainConfig)])
@pytest.mark.parametrize(("written", "layout"), [("true", "channels-last"), ("false", "contiguous")])
def test_a_configuration_means_the_same_layout(made, stage, model, written, layout):
    file = made / stage / "config.yaml"
    file.write_text(file.read_text().replace("channels_last: true", f"channels_last: {written}"))
    config = resolve(model, None, file, {})
    assert (config.layout, config.precision, config.compile) == (layout, "float32", "auto")
    assert resolve(model, None, file, {"layout": "auto"}).layout == "auto"


@pytest.mark.parametrize("written", ["maybe", "true\nlayout: auto"])
def test_a_layout_that_no_version_wrote_is_refused(made, written, refused):
    file = made / "retrain" / "config.yaml"
    file.write_text(file.read_text().replace("channels_last: true", f"channels_last: {written}"))
    with refused("config.yaml: unknown option 'channels_last'"):
        resolve(RetrainConfig, None, file, {})


def test_a_search_is_opened_in_the_layout_it_had(made):
    """One of the versions after it, that wrote the layout as it did; what version 0.1 searched cannot be opened."""
    with (made / "search" / "config.yaml").open("a") as file:
        file.write("strategy: mixed\n")
    assert finished_search(made / "search").layout == "channels-last"


def test_a_trained_network_restores_alike(made):
    succeeded("evaluate retrain --data faces --device cpu --degradation grey --out evaluation")  # nothing drawn
    report = json.loads((made / "evaluation" / "evaluation.json").read_text())
    found = {"input": report["input"]["psnr"], "restored": report["iterations"][0]["psnr"]}
    assert alike(found, EXPECTED["evaluation"])


def test_a_prepared_data_set_is_what_it_was(made):
    """Its priors are read, and the same settings find nothing left to do."""
    before = {file: file.read_bytes() for file in (made / "faces").rglob("*") if file.is_file()}
    options = "--layers 1 --fusion-layers 1 --epochs 1 --warmup-epochs 0 --max-steps 1 --priors parsing,heatmap"
    options += " --norm-batches 1 --population 2 --generations 0 --select-paths 1 --select-random 0"
    succeeded(f"search {TINY} {options} --out all")
    assert {file: file.read_bytes() for file in (made / "faces").rglob("*") if file.is_file()} == before


def test_a_genotype_is_the_same_architecture(made):
    assert json.loads(succeeded("genotype show genotype.json --json"))["hash"] == EXPECTED["genotype_hash"]


def test_an_official_checkpoint_is_imported(made):
    succeeded("weights import official.pth --genotype genotype.json --out official.safetensors")
    state = load_file(made / "official.safetensors")
    sums = {name: float(state[name].abs().sum()) for name in EXPECTED["official"]}
    assert alike(sums, EXPECTED["official"])
