"""Each command once for real, through the installed `mfps`."""

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from mfps import __version__
from mfps.cli.evaluate import more_tables, report_table
from mfps.drawn.faces import write_drawn_faces
from mfps.engine import configuration
from mfps.engine.weights import load_weights
from mfps.errors import RunStopped
from mfps.files.history import read_history
from mfps.genotypes.genotype_file import read_genotype, write_genotype
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.images.image import image_size
from mfps.inference.cost_report import genotype_costs

from ..gallery import cheaper_features
from ..genotypes.wide_genotypes import wide_genotype
from ..processes import run_process
from ..published_recipe import state_of
from .conftest import SEARCH, Ended, Start, inside, installed, names, run_command, succeeded
from .fault_commands import OneFace

HELPS = [
    "",
    *("demo", "search", "select", "retrain", "evaluate", "rank", "study", "restore", "degrade", "genotype", "weights"),
    *("bench", "export", "serve"),
    *("prepare", "doctor", "dictionary", "dictionary build"),
    *(f"genotype {name}" for name in ("show", "draw", "validate", "diff", "import", "export")),
    *(f"genotype {name}" for name in ("space", "cheapest", "random")),
    *(f"weights {name}" for name in ("import", "show")),
]


def test_degrade_a_folder_and_a_file(tmp_path: Path) -> None:
    write_drawn_faces(tmp_path / "faces", 3, 32, seed=0)
    said = succeeded("degrade faces --out spoiled --size 16", tmp_path)
    assert "note      3 of 3 photographs are larger than 16 px and are shrunk\n" in said
    assert "degraded  3 photographs in spoiled" in said
    assert names(tmp_path / "spoiled") == {"0000.png", "0001.png", "0002.png"}
    assert image_size(tmp_path / "spoiled" / "0001.png") == (16, 16)
    said = succeeded(
        "degrade faces/images/0001.png --out one --degradation grey|blur(6,12):1,noise:2", tmp_path, again=True
    )
    assert "degraded  1 photographs in one" in said
    assert image_size(tmp_path / "one" / "0001.png") == (32, 32)


def test_genotype_show(tmp_path: Path, mfps: Callable[[str], Ended]) -> None:
    said = succeeded("genotype show mfpsnet", tmp_path)
    assert all(part in said for part in ("mfpsnet", "upsample", "fusion", "conv_5x5", "GFLOPs", "total"))
    small = tmp_path / "small.json"
    mfps(f"genotype random --out {small} --width 1 --layers 1")
    numbers = json.loads(mfps(f"genotype show {small} --json --size 16").out)
    assert numbers["hash"] == read_genotype(small).hash
    assert numbers["cost"]["total"]["parameters"] > 0


def test_a_genotype_with_a_backbone_in_every_command(tmp_path: Path, mfps: Callable[[str], Ended]) -> None:
    genotype = wide_genotype(("heatmap",), width=1, layers=2)
    wide = tmp_path / "wide.json"
    write_genotype(genotype, wide)
    assert genotype.backbone is not None
    said = mfps(f"genotype show {wide} --size 16").out
    assert all(f"{name} {words}" in said for name, words in genotype.backbone.described.items())
    numbers = json.loads(mfps(f"genotype show {wide} --json --size 16").out)
    assert numbers["backbone"] == genotype.backbone.model_dump()
    assert numbers["cost"] == {name: cost.record() for name, cost in genotype_costs(genotype, 16).items()}
    assert f"with a backbone, hash {genotype.hash}" in mfps(f"genotype validate {wide}").out
    assert "backbone: redistill added" in mfps(f"genotype diff mfpsnet {wide}").out
    refused = mfps(f"genotype export {wide} --out {tmp_path / 'arrays'}")
    assert "it has a backbone of its own" in refused.err
    assert names(tmp_path) == {"wide.json"}
    mfps(f"genotype draw {wide} --out {tmp_path / 'wide.gv'}")
    assert "re-distillation" in (tmp_path / "wide.gv").read_text()


@pytest.mark.parametrize(("suffix", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_genotype_draw(world: Path, suffix: str, magic: bytes) -> None:
    of = "searched --epoch 1 --title first" if suffix == "svg" else "mfpsnet"
    assert f"drawing   a.{suffix}" in succeeded(f"genotype draw {of} --out a.{suffix}", world, suffix != "svg")
    assert (world / f"a.{suffix}").read_bytes().startswith(magic)


def test_genotype_random_validate_and_diff(tmp_path: Path) -> None:
    space = "--space published --priors parsing --width 2 --layers 3 --fusion-layers 2 --monotone"
    assert "genotype  made/a.json" in succeeded(f"genotype random --out made/a.json --seed 5 {space}", tmp_path)
    drawn = read_genotype(tmp_path / "made" / "a.json")
    assert {name: branch.layers for name, branch in drawn.present.items()} == {"upsample": 3, "parsing": 3, "fusion": 2}
    said = succeeded("genotype validate made/a.json mfpsnet", tmp_path)
    assert [line.split(":")[0] for line in said.splitlines()] == ["valid     made/a.json", "valid     mfpsnet"]
    assert "differences" in succeeded("genotype diff made/a.json mfpsnet", tmp_path)


def test_genotype_space_cheapest_and_random_within_a_budget(tmp_path: Path, mfps: Callable[[str], Ended]) -> None:
    space = "--space published --priors parsing --width 1 --layers 2 --fusion-layers 2 --size 32"
    said = succeeded(f"genotype space {space}", tmp_path)
    assert all(part in said for part in ("5.0e16 architectures", "median parameters", "ratio", "searched", "8-8"))
    facts = json.loads(mfps(f"genotype space {space} --json").out)
    costs = {resource: {what: row[what][resource] for what in row} for resource, row in facts["costs"].items()}

    said = succeeded(f"genotype cheapest --out cheap.json {space}", tmp_path)
    assert said.startswith("genotype  cheap.json: 0.")
    assert read_genotype(tmp_path / "cheap.json").provenance["flops"] == costs["flops"]["least"]
    with inside(tmp_path):
        assert mfps(f"genotype cheapest --by parameters --out few.json {space}").status == 0
    shown = json.loads(mfps(f"genotype show {tmp_path / 'few.json'} --size 32 --json").out)
    assert shown["cost"]["total"]["parameters"] == costs["parameters"]["least"]

    succeeded(f"genotype random --out within.json --max-gflops 100% --max-parameters 90% --seed 2 {space}", tmp_path)
    cost = json.loads(mfps(f"genotype show {tmp_path / 'within.json'} --size 32 --json").out)["cost"]["total"]
    assert cost["flops"] <= costs["flops"]["median"]
    assert cost["parameters"] <= 0.9 * costs["parameters"]["median"]
    provenance = read_genotype(tmp_path / "within.json").provenance
    assert (provenance["kind"], provenance["seed"], provenance["flops"]) == ("random", 2, cost["flops"])


def test_the_wide_space_is_the_one_of_these_commands(tmp_path: Path, mfps: Callable[[str], Ended]) -> None:
    space = "--width 2 --layers 2 --blocks 1"
    facts = json.loads(mfps(f"genotype space --space wide {space} --size 32 --json").out)
    assert json.loads(mfps(f"genotype space {space} --size 32 --json").out) == facts
    assert facts["backbone"]["encoder_blocks"] == [0, 1]
    assert (
        facts["ratio"]["flops"]
        > json.loads(mfps(f"genotype space --space published {space} --json").out)["ratio"]["flops"]
    )
    with inside(tmp_path):
        assert "restore" in mfps(f"genotype space {space} --size 32").out
        assert mfps(f"genotype random {space} --out any.json").status == 0
        assert mfps(f"genotype random {space} --size 32 --max-gflops 90% --out within.json").status == 0
        assert mfps("genotype cheapest --width 2 --layers 2 --size 32 --out least.json").status == 0
    for name in ("any", "within", "least"):
        genotype = read_genotype(tmp_path / f"{name}.json")
        assert genotype.backbone is not None
        shown = json.loads(mfps(f"genotype show {tmp_path / f'{name}.json'} --size 32 --json").out)["cost"]["total"]
        if name != "any":
            assert shown == {key: genotype.provenance[key] for key in ("parameters", "flops")}
    assert read_genotype(tmp_path / "least.json").provenance["flops"] == facts["costs"]["flops"]["least"]["flops"]


def test_the_page_on_budgets_shows_what_commands_print(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "budgets.md").read_text(encoding="utf-8")
    shown = [
        part
        for block in re.findall(r"```console\n\$ mfps (.*?)```", page, re.DOTALL)
        for part in block.split("$ mfps ")
    ]
    assert len(shown) == 5
    for command, _, expected in (part.partition("\n") for part in shown):
        with inside(tmp_path):
            ended = run_command(command)
        said = [line.rstrip() for line in (ended.out + ended.err).splitlines()]
        assert [line for line in said if line] == [line.rstrip() for line in expected.splitlines() if line.strip()]


def test_genotype_export_and_import(tmp_path: Path) -> None:
    assert "arrays    10 in arrays: upsample" in succeeded("genotype export mfpsnet --out arrays", tmp_path)
    said = succeeded("genotype import arrays --out again.json", tmp_path)
    assert said.startswith(
        "genotype  again.json: branches upsample, parsing, heatmap, dictionary, fusion, hash 1a508847"
    )
    assert read_genotype(tmp_path / "again.json").hash == read_genotype("mfpsnet").hash
    succeeded("genotype export again.json --out twice", tmp_path, again=True)
    for array in (tmp_path / "arrays").rglob("*.npy"):
        assert (tmp_path / "twice" / array.relative_to(tmp_path / "arrays")).read_bytes() == array.read_bytes()


def test_from_a_published_checkpoint_to_restored_faces(world: Path) -> None:
    genotype = random_genotype(search_space(PUBLISHED_PRIORS, width=1, layers=2, fusion_layers=2), 0)
    write_genotype(genotype, world / "theirs.json")
    channels = {"parsing": 19, "heatmap": 68, "dictionary": 4}
    torch.save({"state_dict": state_of(genotype, channels)}, world / "theirs.pth")

    said = succeeded("weights import theirs.pth --genotype theirs.json --out made/theirs.safetensors", world)
    assert [line.split()[0] for line in said.splitlines()] == ["used", "left", "weights"]
    assert names(world / "made") == {"theirs.safetensors"}
    facts = json.loads(succeeded("weights show made/theirs.safetensors --json", world))
    assert facts["hash"] == genotype.hash
    assert facts["provenance"]["checkpoint"] == "theirs.pth"
    said = succeeded("weights show made/theirs.safetensors", world, again=True)
    assert all(part in said for part in (genotype.hash, "float32", "theirs.pth", f"{facts['parameters']:,}"))

    (world / "faces" / "priors" / "dictionary").mkdir()
    for number in range(8):
        np.save(world / "faces" / "priors" / "dictionary" / f"{number:04d}.npy", np.ones((4, 8, 8), np.float32))
    succeeded("evaluate made/theirs.safetensors --data faces --out evaluated --size 32 --device cpu", world, again=True)
    assert len(json.loads((world / "evaluated" / "evaluation.json").read_text())["iterations"]) == 2
    said = succeeded("restore made/theirs.safetensors faces --out both --size 32 --device cpu", world)
    assert "restored  8 faces at 32 px, 2 iterations" in said

    shutil.copy(world / "faces" / "images" / "0001.png", world)
    said = succeeded("restore made/theirs.safetensors 0001.png --out one --size 32 --device cpu", world, again=True)
    assert said.splitlines()[-1] == "faces     one/0001.png"
    shutil.rmtree(world / "faces" / "priors")
    said = succeeded("restore made/theirs.safetensors faces --out many --size 32 --device cpu", world, again=True)
    assert "note      without priors (parsing, heatmap, dictionary): stopped after iteration 0" in said
    assert "restored  8 faces at 32 px, 1 iteration" in said
    assert len(names(world / "many")) == 8


@pytest.mark.slow
def test_export(world: Path) -> None:
    """From a run to a file of ONNX, with nothing but what the command itself says; and to weights."""
    said = succeeded("export trained --out onnx", world)
    assert "file      onnx/trained.onnx, " in said
    assert "checked   on 4 faces of faces\n" in said  # the run's own
    assert names(world / "onnx") == {"trained.onnx", "parity.json", "README.md"}
    said = succeeded("export trained --out weights --format safetensors --half --name mine", world, again=True)
    assert "file      weights/mine.safetensors, " in said
    succeeded("restore weights/mine.safetensors faces --out restored --device cpu", world, again=True)


@pytest.mark.slow
def test_bench(world: Path) -> None:
    """A trained network and a genotype side by side, with a report."""
    said = succeeded("bench trained searched --sizes 16 --threads 1 --rounds 1 --layouts contiguous --out bench", world)
    assert "16 px, 1 at a time, 1 thread\n" in said
    assert "torch contiguous float32" in said
    assert names(world / "bench") == {"bench.json", "bench.md", "bench.png"}


QUICK = {"norm_batches": 1, "population": 2, "generations": 0, "select_paths": 1, "select_random": 0}


def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mfps: Callable[[str], Ended]) -> None:
    """In this process, with a smaller preset and features that cost nothing, as the real one takes minutes."""
    real = configuration.read_preset

    def smaller(name: str, stage: str, strategy: str | None = None) -> Mapping[str, object]:
        quick = {"size": 16, "width": 1, "max_steps": 1, "epochs": 1, "val_images": 2, "layout": "contiguous"}
        space = {"layers": 1, "fusion_layers": 1, "warmup_epochs": 0, **QUICK} if stage == "search" else {}
        return {**real(name, stage, strategy), **quick, **space}

    monkeypatch.setattr(configuration, "read_preset", smaller)
    monkeypatch.setattr("mfps.drawn.faces.CANVAS_PX", 32)  # drawn roughly
    cheaper_features(monkeypatch)
    monkeypatch.chdir(tmp_path)
    ended = mfps("demo --out shown --faces 32 --priors parsing,heatmap,dictionary --device cpu")
    assert (ended.status, ended.err) == (0, "")
    for label, file in (
        ("genotype", "search/genotype.json"),
        ("search", "search/report.html"),
        ("pictures", "evaluation/comparison.png"),
        ("table", "evaluation/evaluation.md"),
    ):
        assert f"{label:10}{Path('shown') / file}" in ended.out
        assert (tmp_path / "shown" / file).is_file()
    assert (tmp_path / "shown" / "retrain" / "weights.safetensors").is_file()
    assert "priors    parsing, heatmap, dictionary: oracle priors" in ended.out
    provenance = json.loads((tmp_path / "shown" / "faces" / "priors" / "provenance.json").read_text())
    assert provenance["dictionary"]["features"] == "seeded random VGG19 (seed 0)"
    again = mfps("demo --out shown --faces 32 --priors parsing,heatmap,dictionary --device cpu")
    assert (again.status, again.err) == (0, "")
    assert again.out.splitlines()[-12:] == ended.out.splitlines()[-12:]
    other = mfps("demo --out shown --faces 33 --device cpu")
    assert (other.status, other.err.count("shown: holds another run")) == (1, 1)


def test_a_demo_that_is_stopped_says_how_to_continue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mfps: Callable[[str], Ended]
) -> None:
    def stopped(*_: object) -> None:
        raise RunStopped("saved: continue with --resume", signal.SIGTERM)

    monkeypatch.setattr("mfps.drawn.demo_faces.write_demo_faces", lambda *_: None)
    monkeypatch.setattr("mfps.nas.search.search", stopped)
    ended = mfps(f"demo --out {tmp_path / 'shown'} --device cpu")
    message = "mfps: the demo was stopped by SIGTERM; the same command continues it\n"
    assert (ended.status, ended.err) == (128 + signal.SIGTERM, message)


def test_help_is_fast_and_says_everything(tmp_path: Path) -> None:
    """Every help and the version, in one fresh process that must not import torch."""
    program = f"""
import sys
from mfps.cli.main import main
for arguments in {[*HELPS, "version"]!r}:
    sys.argv = ["mfps", *(["--version"] if arguments == "version" else [*arguments.split(), "--help"])]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (arguments, end.code)
heavy = {{"torch", "numpy", "pydantic", "lightning_fabric", "cv2", "matplotlib"}} & set(sys.modules)
assert "torch" not in heavy, heavy
"""
    ended = run_process(sys.executable, "-c", program, folder=tmp_path)
    assert ended.status == 0, ended.err
    assert ended.out.count("Usage: mfps") == len(HELPS)
    assert f"mfps {__version__}" in ended.out.splitlines()
    # Defaults stand in brackets, which rich would take for colours.
    for default in ("[default: auto]", "[default: full]", "[preset]", "[required]", "[default: 128]"):
        assert default in ended.out


def test_whole_photographs_with_a_bad_one_among_them(
    world: Path, mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mfps.priors.landmarks.detector.open_detector", lambda *_: OneFace())
    command = "restore trained faces/images --whole --least-side 16 --device cpu --out"
    said = mfps(f"{command} new")
    assert (said.status, said.err) == (0, "")
    assert "restored  8 faces in 8 photographs at 16 px, " in said.out
    assert "speed     " in said.out
    (world / "faces" / "images" / "0001b.jpg").write_text("a text")
    (world / "faces" / "images" / "note.txt").write_text("a note")
    ended = mfps(f"{command} again --format jpg")
    assert ended.status == 1
    assert re.fullmatch(
        r"mfps: 1 of 9 photographs skipped, first 0001b.jpg: the file is .*--resume tries it again\n", ended.err
    )
    assert "note      passed over: 1 file of other suffixes (.txt 1)" in ended.out
    assert "skipped   0001b.jpg: the file is not an image" in ended.out
    assert "note      jpg encodes every pixel anew" in ended.out
    assert len(list((world / "again").glob("*.jpg"))) == 8
    (world / "faces" / "images" / "0001b.jpg").unlink()
    assert "note      8 photographs done before" in mfps(f"{command} again --format jpg --resume").out
    one = mfps("restore trained faces/images/0001.png --whole --device cpu --out one.webp")
    assert one.out.splitlines()[-1] == "photograph one.webp"
    one = mfps("restore trained faces/images/0001.png --whole --device cpu --out one")
    assert one.out.splitlines()[-1] == "photograph one/0001.png"


def test_installed_version_and_bare_call(tmp_path: Path) -> None:
    assert succeeded("--version", tmp_path) == f"mfps {__version__}\n"
    ended = installed("", tmp_path)
    assert "Usage: mfps" in ended.out + ended.err


def test_an_error_of_the_installed_command_is_one_line(tmp_path: Path) -> None:
    ended = installed("degrade nowhere --out new", tmp_path)
    assert ended == Ended(1, "", "mfps: nowhere: neither a photograph nor a folder of photographs; check the path\n")
    assert names(tmp_path) == set()


def test_an_interrupted_search_keeps_its_epochs(tmp_path: Path, start: Start) -> None:
    write_drawn_faces(tmp_path / "faces", 8, 16, seed=0)
    process = start(f"{SEARCH} --out run --epochs 10000 --max-steps 10000 --workers 1", tmp_path)
    process.wait_for(lambda: "epoch 2/" in process.out)
    # To the whole group, workers too, as a terminal's Ctrl-C does.
    os.killpg(process.pid, signal.SIGINT)
    ended = process.end()
    assert ended.status == 130
    assert re.fullmatch(
        r"mfps: stopped by SIGINT after step \d+, and saved in run: continue with the same command and --resume\n",
        ended.err,
    )
    run = tmp_path / "run"
    assert not (run / "run.lock").exists()
    assert len(read_history(run)) >= 2
    assert read_genotype(run / "decoded.json").hash == read_history(run)[-1]["hash"]
    assert load_weights(run).state


def test_a_long_degradation_is_shown_whole_however_narrow_the_terminal(console):
    """Two that differ in their last number must not look the same."""
    names = [f"grey|blur(6,12)|noise(20,40)|jpeg({lowest},60)" for lowest in (30, 31)]
    scores = {"psnr": 20.0, "ssim": 0.5}
    results = [{"degradation": n, "list": "all", "faces": 4, "input": scores, "iterations": [scores]} for n in names]
    console.width = 70
    console.print(report_table({"convention": {}, "results": results}))
    shown = "".join(line[1:].split("  ")[0].strip() for line in console.file.getvalue().splitlines())
    assert all(name in shown for name in names)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_metrics_stand_in_as_many_tables_as_the_terminal_needs(console, width):
    titles = ("MS-SSIM", "ID cos", "ID L2", "ID < 0.6", "LMD (px)", "NME (%)", "ST-LPIPS")
    columns = [{"key": title, "title": title, "better": "higher", "digits": 4} for title in titles]
    scores = {title: 0.1234 + number for number, title in enumerate(titles)}
    result = {"degradation": "noise(20,40)|jpeg(10,40)", "list": "all", "input": scores, "iterations": [scores]}
    report = {"convention": {}, "columns": columns, "results": [result]}
    console.width = width
    tables = more_tables(report, width)
    for table in tables:
        console.print(table)
    shown = console.file.getvalue()
    assert all(shown.count(f"{number}.1234") == 2 for number in range(len(titles)))
    assert all(shown.count(f"{title} \u2191") == 1 for title in titles)
    assert max(map(len, shown.splitlines())) <= width
    assert (len(tables) == 1) == (width == 200)
    assert not more_tables({**report, "columns": []}, width)
