"""The options of every command: none is lost unnoticed; each has a help text and is a field that a file may set."""

from pathlib import Path

import pytest
import typer
import yaml
from mfps.cli.main import app
from mfps.cli.options import process, written
from mfps.engine.configuration import PRESETS, RunConfig, resolve
from mfps.nas.config import SearchConfig
from mfps.retrain.config import RetrainConfig

SHARED = """
    --data --out --list --val-list --priors --drop-prior --prior-dropout --flip
    --pairs --preset --size --width --epochs --epoch-steps --max-steps --batch-size
    --degradation --iterations --attention --shared-norms --workers --seed --device --layout --precision --compile
    --config --accumulate --clip-norm --on-nonfinite --devices --num-nodes --checkpoint-minutes --checkpoint-steps
    --resume --overwrite
"""
SPACE = "--space --priors --width --layers --fusion-layers --monotone --operations"
OPTIONS = {
    "search": f"{SHARED} --layers --fusion-layers --monotone --warmup-epochs --mixing --fix --cost-weight",
    "retrain": f"{SHARED} --genotype --solver --lr --ema --schedule --perceptual --vgg19 --from-supernet "
    "--perceptual-network --vgg16 --priors-from --landmarks-by --weights-dir --parser --dictionary",
    "select": """
        run --out --size --max-gflops --max-parameters --max-ms --latency --front-cost --select-paths --select-random
        --population --generations --seed --device --config
    """,
    "evaluate": """
        weights --data --out --list --degradation --pairs --size --batch-size --workers --seed --device --precision
        --metrics --lpips-backbone --st-lpips --inception --shown --save-images
        --priors-from --drop-prior --landmarks-by --weights-dir --parser --dictionary --config
    """,
    "restore": """
        weights source --out --whole --face --blend --format --least-side --cmp --resume --iterations --size
        --batch-size --device --precision --priors-from --drop-prior --landmarks-by --weights-dir --parser --dictionary
        --config
    """,
    "serve": """
        runs --host --port --max-mb --max-megapixels --device --landmarks-by --weights-dir --parser --dictionary
        --config
    """,
    "export": """
        weights --genotype --out --format --name --size --iterations --wrap --opset --half --quantize --neighbours
        --licence --priors --dictionary --data --degradation --calibration-faces --follow-links --config
    """,
    "rank": "genotype --supernet --out --against --device --config",
    "study": "plan --out --jobs --device --cluster --cluster-options --config",
    "weights import": "checkpoint --out --genotype --pairing",
    "weights show": "file --json",
    "degrade": "source --out --degradation --size --seed --config",
    "demo": "--out --faces --priors --seed --device --config",
    "prepare": """
        photos out --size --landmarks --landmarks-by --scheme --aligned --labels --label-order --dictionary --parser
        --priors --made-from --least-side --max-megapixels --val --test --seed --weights-dir --workers --device --config
    """,
    "dictionary build": "data --out --list --entries --features --vgg16 --seed --weights-dir "
    "--random-features --device --config",
    "doctor": "--weights-dir --check --json",
    "genotype show": "genotype --size --iterations --json",
    "genotype draw": "genotype --out --epoch --renderer --title",
    "genotype validate": "files",
    "genotype diff": "before after",
    "genotype space": f"{SPACE} --size --iterations --blocks --latency --json",
    "genotype cheapest": f"{SPACE} --out --by --size --iterations",
    "latency measure": f"""
        {SPACE} --out --preset --size --iterations --blocks --attention --base --base-window --heatmap-rgb --device
        --runtime --precision --layout --threads --rounds --networks --seed --config
    """,
    "latency show": "table --figure",
    "genotype random": f"""
        {SPACE} --out --seed --max-gflops --min-gflops --max-parameters --min-parameters --max-ms --latency --size
        --iterations --blocks
    """,
    "genotype import": "source --out --branch --into --width --part --pairing",
    "genotype export": "genotype --out",
}
STAGES = [("search", SearchConfig), ("retrain", RetrainConfig)]


def commands() -> dict[str, list[str]]:
    """The first name of every parameter of every command, in order."""
    found: dict[str, list[str]] = {}

    def walk(command, name: str) -> None:
        for key, below in getattr(command, "commands", {}).items():
            walk(below, f"{name} {key}".strip())
        if not hasattr(command, "commands"):
            parameters = command.get_params(typer.Context(command))
            found[name] = [parameter.opts[0] for parameter in parameters if parameter.name != "help"]

    walk(typer.main.get_command(app), "")
    return found


def test_no_option_is_lost() -> None:
    """A new option need not be listed here; removing one breaks somebody's script."""
    found = commands()
    assert not {name: lost for name, options in OPTIONS.items() if (lost := set(options.split()) - set(found[name]))}


@pytest.mark.parametrize(("stage", "model"), STAGES)
def test_every_field_can_be_set_in_a_file(stage: str, model: type[RunConfig], tmp_path: Path) -> None:
    given = {"data": "faces", "out": "run", "genotype": "mfpsnet", "landmarks_by": "dlib"}
    required = {name: given[name] for name in model.model_fields if name in given}
    required |= {"base_window": 2, "shared_norms": False, "prior_rate": 0.5}
    if stage == "retrain":
        required["perceptual_network"] = "vgg16"
    values = resolve(model, "tiny", None, required).model_dump(mode="json")
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump({name.replace("_", "-"): value for name, value in values.items()}))
    # How a run is started is not part of it.
    assert set(values) == set(model.model_fields) - {"resume", "overwrite"}
    # Over another preset: what the file says counts, all of it.
    assert resolve(model, "published", file, {}).model_dump(mode="json") == values


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("stage", "model"), STAGES)
def test_options_win_over_the_file_and_the_file_over_the_preset(
    stage: str, model: type[RunConfig], preset: str, tmp_path: Path
) -> None:
    file = tmp_path / "some.yaml"
    file.write_text("data: faces\nout: run\nepochs: 77\nbatch-size: 3\n" + "genotype: mfpsnet\n" * (stage == "retrain"))
    config = resolve(model, preset, file, {"epochs": 88, "size": None})
    assert (config.epochs, config.batch_size, config.out) == (88, 3, Path("run"))


def test_a_run_alone_is_the_first_process_whatever_a_cluster_calls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One run for each of SLURM's tasks: Lightning counts them all, but each must print and end for itself."""
    monkeypatch.setattr("lightning_fabric.utilities.rank_zero.rank_zero_only.rank", 3, raising=False)
    assert process() == 0


def test_options_are_written_as_a_shell_reads_them() -> None:
    again = written(data=Path("my faces"), val_list=None, priors="", size=64, follow_links=True, preset="tiny")
    assert again == "--data 'my faces' --size 64 --follow-links --preset tiny"


def test_every_option_has_a_help_text() -> None:
    def walk(command) -> None:
        for below in getattr(command, "commands", {}).values():
            walk(below)
        assert command.help
        for parameter in command.get_params(typer.Context(command)):
            assert parameter.help or parameter.opts[0] in ("before", "after", "--help"), parameter.opts

    walk(typer.main.get_command(app))
