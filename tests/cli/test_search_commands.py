"""Each command around a search, run for real: search, select, rank, and what a training makes of the result."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from mfps.drawn.faces import write_drawn_faces
from mfps.engine.weights import load_weights
from mfps.files.history import read_history
from mfps.genotypes.front import read_front
from mfps.genotypes.genotype_file import read_genotype

from .conftest import RETRAIN, SEARCH, Ended, names, succeeded

KEPT_WITH_THE_SUPERNET = {"evaluations.jsonl", "ledger.json", "report.html"}
SELECTED = {"front", "front.json", "front.svg", "front.png", *KEPT_WITH_THE_SUPERNET}
"""What a selection leaves in a search's folder besides the genotype."""


def test_search_then_retrain_then_evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mfps: Callable[[str], Ended]
) -> None:
    write_drawn_faces(tmp_path / "faces", 8, 16, seed=0, val=2)
    network = "--iterations 3 --blocks 2 --base input --no-shared-norms --attention"
    priors = f"--priors parsing,heatmap --list faces/train.txt --val-list faces/val.txt {network}"

    said = succeeded(f"{SEARCH} {priors} --out runs/search", tmp_path)
    for start in (
        "search: 1/1",
        "epoch 1/1: PSNR",
        "select: ",
        "front     runs/search/front.json: ",
        "genotype  runs/search/genotype.json: ",
        "report    runs/search/report.html",
        "next      mfps retrain",
    ):
        assert any(line.startswith(start) for line in said.splitlines()), start
    search = tmp_path / "runs" / "search"
    results = {"config.yaml", "environment.json", "genotype.json", "genotype.svg", "genotype.png", "history.jsonl"}
    results |= {"weights.safetensors", "tensorboard", "checkpoints"}
    assert names(search) == results | SELECTED | {"decoded.json", "supernet.svg", "supernet.png"}
    assert read_genotype(search).priors == ("parsing", "heatmap")
    assert "space" in load_weights(search).header
    assert [record["step"] for record in read_history(search)] == [1]

    # The command that it prints as `next` works, and trains the network that was searched; here it is made quick.
    (following,) = (line.partition("mfps ")[2] for line in said.splitlines() if line.startswith("next "))
    quick = "--width 1 --batch-size 1 --epochs 1 --max-steps 1 --device cpu --from-supernet runs/search --perceptual 0"
    said = succeeded(following.replace("--out ...", f"--out runs/net {quick}"), tmp_path)
    assert "retrain: 1/1" in said
    assert "weights   runs/net/weights.safetensors" in said
    assert names(tmp_path / "runs" / "net") == results
    assert read_genotype(tmp_path / "runs" / "net").hash == read_genotype(search).hash
    header = load_weights(tmp_path / "runs" / "net").header
    assert header["provenance"]["genotype"] == read_genotype(search).hash
    assert header["network"] == load_weights(search).header["network"]

    lists = "--list faces/train.txt --list faces/val.txt --degradation blur --degradation full:0.5,jpeg:0.5"
    said = succeeded(f"evaluate runs/net --data faces --out evaluated {lists} --save-images --device cpu", tmp_path)
    evaluated = tmp_path / "evaluated"
    assert "report    evaluated/evaluation.json" in said
    assert names(evaluated) == {"evaluation.json", "evaluation.md", "faces.csv", "comparison.png", "restored"}
    report = json.loads((evaluated / "evaluation.json").read_text())
    groups = [(result["degradation"], result["list"], result["faces"]) for result in report["results"]]
    assert groups == [(d, *g) for d in ("blur", "full:0.5,jpeg:0.5") for g in (("train", 6), ("val", 2))]
    assert len(list((evaluated / "restored").rglob("*.png"))) == 16
    assert (evaluated / "evaluation.md").read_text().count("| val | 2 |") == 8

    config = yaml.safe_load((search / "config.yaml").read_text())
    assert config["width"] == 1
    monkeypatch.chdir(tmp_path)
    assert mfps("search --config runs/search/config.yaml --out again").status == 0
    assert (tmp_path / "again" / "history.jsonl").read_bytes() == (search / "history.jsonl").read_bytes()


def test_rank(world: Path, mfps: Callable[[str], Ended]) -> None:
    for seed in range(3):
        for command in (
            f"genotype random --space published --width 1 --layers 1 --monotone --seed {seed} --out g/{seed}.json",
            f"{RETRAIN} --genotype g/{seed}.json --out nets/{seed}",
            f"evaluate nets/{seed} --data faces --list faces/val.txt --device cpu --out alone/{seed}",
        ):
            ended = mfps(command)
            assert ended.status == 0, ended.err
    before = names(world / "searched")
    said = succeeded("rank g/0.json g/1.json g/2.json --supernet searched --against alone --out ranked", world)
    assert names(world / "ranked") == {"ranking.csv", "ranking.md", "ranking.json", "ranking.png"}
    assert names(world / "searched") == before
    assert "rank: 3/3" in said
    assert "note      supernet: searched, strategy mixed, 16 px" in said
    assert "table     ranked/ranking.csv" in said
    report = json.loads((world / "ranked" / "ranking.json").read_text())
    for row in report["genotypes"]:
        assert row["hash"] == read_genotype(world / row["genotype"]).hash
        assert row["hash"][:8] in said
        assert row["psnr"] == json.loads((world / row["evaluation"]).read_text())["iterations"][-1]["psnr"]
    # A search's own genotypes, without networks of theirs, and again from a file of options.
    (world / "rank.yaml").write_text("genotype: searched@1\nsupernet: searched\nout: again\ndevice: cpu\n")
    assert "picture" not in succeeded("rank --config rank.yaml", world, again=True)
    assert names(world / "again") == {"ranking.csv", "ranking.md", "ranking.json"}


def test_select_on_a_finished_search(world: Path, mfps: Callable[[str], Ended]) -> None:
    before = names(world / "searched")
    quick = "--population 4 --generations 1 --select-random 1 --device cpu"
    said = succeeded(f"select searched {quick}", world)
    assert re.search(r"^select: \d+/\d+", said, re.MULTILINE)
    assert names(world / "searched") == before
    (line,) = (line for line in said.splitlines() if line.startswith("genotype  searched/genotype.json: "))
    best = read_front(world / "searched").members[-1]
    assert f"{best.psnr:.3f} dB on the supernet, {best.gflops:.3f} GFLOPs, {best.parameters:,} parameters" in line
    assert f"hash {best.hash}" in mfps(f"genotype validate searched#{best.number}").out
    assert f"hash {best.hash}" in mfps(f"genotype validate searched/{best.file}").out
    again = succeeded(f"select searched {quick} --max-gflops {best.gflops} --out tight", world, again=True)
    assert "front     tight/front.json: " in again
    assert names(world / "tight") == SELECTED - KEPT_WITH_THE_SUPERNET | {
        "genotype.json", "genotype.svg", "genotype.png",
    }  # fmt: skip
    # Members can be trained, and a search over the run removes all of it.
    quick = "--width 1 --batch-size 1 --epochs 1 --max-steps 1 --size 16 --preset tiny --perceptual 0 --device cpu"
    quick += " --layout contiguous"
    assert mfps(f"retrain --data faces --genotype tight#0 {quick} --out net").status == 0
    assert mfps(f"{SEARCH} --out searched --overwrite").status == 0
    assert names(world / "searched") == before
