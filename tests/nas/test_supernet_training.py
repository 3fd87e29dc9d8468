import json
import os
import shutil
from pathlib import Path

import mfps.engine.update
import mfps.nas.mixed_cell
import mfps.nas.search_files
import mfps.nas.supernet_training
import numpy as np
import pytest
import torch
from mfps.data.dataset import FaceFolder
from mfps.data.loader import make_loader
from mfps.engine.configuration import read_yaml, resolve
from mfps.engine.update import checked_update
from mfps.engine.weights import load_weights
from mfps.genotypes.genotype_file import parse_genotype, read_genotype, write_genotype
from mfps.genotypes.sampling import random_branch, random_genotype
from mfps.genotypes.space import search_space
from mfps.nas.config import SearchConfig
from mfps.nas.derive import probabilities_to_json, searched_epoch
from mfps.nas.ledger import Ledger
from mfps.nas.search import train_supernet
from mfps.nas.search_faces import search_faces
from mfps.nas.search_network import build_search_network
from mfps.nas.strategies import STRATEGIES
from mfps.nas.strategies.strategy import Draw, Strategy
from mfps.nas.supernet import restriction
from mfps.nas.supernet_training import SupernetTraining
from mfps.networks.path import Active, FixedPath
from mfps.training.validation import validation_psnr
from rich.console import Console

from ..waits import waits_for

pytestmark = pytest.mark.slow

TINY = {
    "size": 16, "width": 1, "layers": 2, "fusion_layers": 2, "blocks": 1, "epochs": 2, "warmup_epochs": 1,
    "epoch_steps": 2, "batch_size": 1, "val_list": "val.txt", "device": "cpu", "norm_batches": 1,
    "layout": "channels-last",
    "architecture_lr": 0.1,
}  # fmt: skip


def config(data, out, **changed):
    return SearchConfig(data=data, out=out, **{**TINY, **changed})


def history(folder):
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


@pytest.fixture
def undrawn(monkeypatch):
    """Without drawings, which take longer than the search."""
    monkeypatch.setattr(mfps.nas.search_files, "draw_genotype", lambda *_: None)


@pytest.fixture(scope="module")
def run(drawn_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("search") / "run"
    train_supernet(config(drawn_folder, out), Console(quiet=True))
    return out


def test_a_run_is_a_folder(run):
    files = {path.name for path in run.iterdir()}
    assert files == {
        "config.yaml", "environment.json", "decoded.json", "supernet.svg", "supernet.png", "history.jsonl",
        "weights.safetensors", "ledger.json", "tensorboard", "checkpoints",
    }  # fmt: skip
    assert (run / "supernet.svg").read_text().lstrip().startswith("<?xml")
    assert any((run / "tensorboard").iterdir())
    resolved = resolve(SearchConfig, "published", run / "config.yaml", {})
    assert resolved == config(resolved.data, run)


def test_the_history_tells_each_epoch(run):
    records = history(run)
    assert [(record["epoch"], record["step"]) for record in records] == [(1, 2), (2, 4)]
    for record in records:
        for kind, gap in record["gap"].items():
            assert gap == record["psnr"]["mixed"][-1] - record["psnr"][kind][-1]
        assert set(record["gap"]) == {"stored", "reestimated", "batch"}
        assert set(record["worth"]) == {"upsample"}
        assert set(record["entropy"]["upsample"]) == {"operations", "transitions", "ends"}
        assert record["top_paths"]["upsample"][0]["path"] == record["genotype"]["upsample"]["path"]
    assert set(records[0]["loss"]) == {"weights"}
    assert set(records[1]["loss"]) == {"weights", "architecture"}


def test_the_genotype_is_that_of_the_last_epoch(run):
    genotype = read_genotype(run / "decoded.json")
    assert genotype.hash == history(run)[-1]["hash"]
    assert genotype.name == "drawn-seed0"
    assert genotype.provenance["epochs"] == 2
    assert searched_epoch(run, 2)[0].hash == genotype.hash


def test_the_weights_are_the_supernets(run, drawn_folder):
    opened = load_weights(run)
    searched = build_search_network(config(drawn_folder, run), {})
    searched.restorer.load_state_dict(opened.state)
    assert opened.header["space"]["upsample"]["layers"] == 2
    found = {name: probabilities_to_json(p) for name, p in searched.probabilities().items()}
    assert found == history(run)[-1]["probabilities"]


@torch.no_grad()
def test_the_history_scores_the_weights_that_are_saved(run, drawn_folder):
    """In eval mode, mixed and restricted to the genotype."""
    searched = build_search_network(config(drawn_folder, run), {})
    searched.restorer.load_state_dict(load_weights(run).state)
    # Laid out as in the search: the same kernels, the same rounding.
    network = searched.restorer.eval().to(memory_format=torch.channels_last)
    record = history(run)[-1]
    restricted = searched.restricted(read_genotype(run / "decoded.json"))
    for kind, mixtures in (("mixed", None), ("stored", restricted.mixtures)):

        def restore(batch, mixtures=mixtures):
            moved = batch.to("cpu", channels_last=True)
            return network(moved.degraded, moved.priors, mixtures=mixtures)

        loader = make_loader(FaceFolder(drawn_folder, 16, names="val.txt"), None, 1, 0, False, 0)
        assert validation_psnr(restore, loader) == (record["psnr"]["input"], record["psnr"][kind])


def test_the_architecture_waits_for_the_end_of_the_warm_up(run, drawn_folder):
    torch.manual_seed(0)
    searched = build_search_network(config(drawn_folder, run), {})
    start = {name: probabilities_to_json(p) for name, p in searched.probabilities().items()}
    first, second = (record["probabilities"] for record in history(run))
    assert first == start
    assert second != start


def test_the_same_seed_gives_the_same_bytes_with_any_workers(run, drawn_folder, tmp_path, undrawn, console):
    for workers in (0, 1):
        again = tmp_path / f"again{workers}"
        train_supernet(config(drawn_folder, again, workers=workers), console)
        for name in RESULTS:
            assert (again / name).read_bytes() == (run / name).read_bytes(), (name, workers)


RESULTS = ("decoded.json", "history.jsonl", "weights.safetensors")


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("steps", [(0,), (1, 2), (3,)])
def test_a_search_that_dies_and_is_resumed_ends_the_same(
    run, drawn_folder, tmp_path, undrawn, console, dies_at, steps, workers
):
    """Anywhere: before the first step, in the middle of an epoch, at its end, with every step saved."""
    again = tmp_path / "again"
    for step in steps:
        with dies_at(step):
            train_supernet(config(drawn_folder, again, resume=True, checkpoint_steps=1, workers=workers), console)
    train_supernet(config(drawn_folder, again, resume=True, checkpoint_steps=1, workers=workers), console)
    assert [(again / name).read_bytes() for name in RESULTS] == [(run / name).read_bytes() for name in RESULTS]


def test_a_search_is_resumed_with_fewer_steps_than_it_has(drawn_folder, tmp_path, undrawn, console, dies_at):
    options = {"warmup_epochs": 0, "checkpoint_steps": 1}
    with dies_at(3):
        train_supernet(config(drawn_folder, tmp_path / "run", **options), console)
    train_supernet(config(drawn_folder, tmp_path / "run", **options, max_steps=2, resume=True), console)
    assert [record["step"] for record in history(tmp_path / "run")] == [2, 3]


def test_a_data_folder_of_any_name(drawn_folder, tmp_path, undrawn, console):
    data = tmp_path / os.fsdecode(b"Fotos_\xff")
    try:
        shutil.copytree(drawn_folder, data)
    except OSError:
        pytest.skip("this file system refuses such a name")
    train_supernet(config(data, tmp_path / "run", max_steps=3), console)
    found = read_genotype(tmp_path / "run" / "decoded.json")
    assert found.provenance["data"] == r"Fotos_\udcff"


def test_a_batch_in_pieces_has_the_loss_of_the_whole_one(drawn_folder, tmp_path, undrawn, console, monkeypatch):
    """Without batch norm's view of the batch, the pieces' mean gradient is the whole one's."""
    monkeypatch.setattr(torch.nn.BatchNorm2d, "forward", lambda _, x: x)
    monkeypatch.setattr(mfps.nas.mixed_cell, "as_wide", lambda *_: None)  # stacked convolutions have norms of their own
    for accumulate in (1, 2):
        out = tmp_path / str(accumulate)
        train_supernet(config(drawn_folder, out, batch_size=2, accumulate=accumulate, epoch_steps=1), console)
    whole, pieces = (load_weights(tmp_path / name).state for name in "12")
    assert all(torch.allclose(pieces[name], whole[name], atol=1e-6) for name in whole)


def test_bad_photographs_are_skipped_in_a_search(drawn_folder, tmp_path, undrawn, console, refused):
    shutil.copytree(drawn_folder, tmp_path / "faces")
    learnt_from = search_faces(config(drawn_folder, tmp_path))[0].names
    bad = tmp_path / "faces" / "images" / learnt_from[-1]
    bad.write_bytes(bad.read_bytes()[:100])
    train_supernet(config(tmp_path / "faces", tmp_path / "run", max_bad_faces=0.2), console)
    assert console.file.getvalue().count("skipped   ") == 1
    with refused("1 of 5 photographs cannot be read, more than the 5%"):
        train_supernet(config(tmp_path / "faces", tmp_path / "again"), console)


def test_another_seed_gives_other_weights(run, drawn_folder, tmp_path, undrawn, console):
    train_supernet(config(drawn_folder, tmp_path / "run", seed=1), console)
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() != (run / "weights.safetensors").read_bytes()


def test_weights_and_architecture_learn_from_different_faces(drawn_folder, tmp_path, undrawn, console, monkeypatch):
    """The architecture's step comes first; with no rate for the weights, they stay what they were."""
    seen = {"architecture": set(), "weights": set()}
    turns = iter(["weights"] * 2 + ["architecture", "weights"] * 2)

    def spy(terms, step, names):
        seen[next(turns)].update(names)

    monkeypatch.setattr(mfps.engine.update, "not_finite", spy)
    still = config(drawn_folder, tmp_path / "run", epoch_steps=None, weight_lr=1e-30, weight_decay=0)
    train_supernet(still, console)
    assert next(turns, None) is None
    assert not seen["weights"] & seen["architecture"]
    assert all(seen.values())
    assert seen["weights"] | seen["architecture"] <= set(search_faces(still)[0].names)
    torch.manual_seed(0)
    searched = build_search_network(still, {})
    state = load_weights(tmp_path / "run").state
    choices = {id(p) for p in searched.architecture().values()}
    for name, parameter in searched.restorer.named_parameters():
        still_there = torch.allclose(state[name], parameter, rtol=0, atol=1e-20)
        assert still_there == (id(parameter) not in choices), name


def test_a_held_branch_stays_and_the_others_are_searched(drawn_folder, tmp_path, undrawn, console):
    space = search_space(("heatmap",), width=1, layers=3, fusion_layers=2)
    held = random_genotype(space, 7)
    write_genotype(held, tmp_path / "held.json")
    fixed = config(drawn_folder, tmp_path / "run", priors="heatmap", fix=[f"upsample={tmp_path / 'held.json'}"])
    train_supernet(fixed, console)
    found = read_genotype(tmp_path / "run" / "decoded.json")
    assert found.present["upsample"] == held.present["upsample"]
    assert {name: branch.layers for name, branch in found.present.items()} == {
        "upsample": 3, "heatmap": 2, "fusion": 2
    }  # fmt: skip
    first, last = history(tmp_path / "run")
    assert list(first["probabilities"]) == ["heatmap", "fusion"]
    assert all(first["probabilities"][name] != last["probabilities"][name] for name in ("heatmap", "fusion"))
    assert found.provenance["fixed"] == ["upsample"]
    assert last["oracle_priors"] == ["heatmap"]
    assert "dB with oracle priors; worth" in console.file.getvalue()


def test_a_cost_in_the_loss_makes_the_architecture_cheaper(drawn_folder, tmp_path, undrawn, console):
    train_supernet(config(drawn_folder, tmp_path / "run", cost_weight=1e6, epoch_steps=None), console)
    before, after = (record["expected_gflops"] for record in history(tmp_path / "run"))
    assert after < 0.95 * before


def one_path(searched, draw):
    """What runs of a strategy whose steps train the paths of one genotype."""
    branches = {name: random_branch(searched.spaces[name], np.random.default_rng(0)) for name in searched.supernets}
    return Active({name: restriction(branch) for name, branch in branches.items()})


def test_a_strategy_decides_what_a_step_trains(drawn_folder, tmp_path, undrawn, monkeypatch):
    monkeypatch.setitem(
        STRATEGIES, "one_path", Strategy(one_path, False, True, False, frozenset(SearchConfig.model_fields))
    )
    given = config(drawn_folder, tmp_path / "run", strategy="one_path", accumulate=2, batch_size=2)
    train_supernet(given)
    torch.manual_seed(given.seed)
    start = build_search_network(given, {})
    branch = random_branch(start.spaces["upsample"], np.random.default_rng(0))
    on_path = set(FixedPath(branch).state_dict())
    after = load_weights(tmp_path / "run").state
    for name, value in start.restorer.named_parameters():
        learns = not name.startswith("paths.upsample.") or name.removeprefix("paths.upsample.") in on_path
        assert torch.equal(value, after[name]) != learns, name
    assert read_yaml(tmp_path / "run" / "config.yaml")["strategy"] == "one_path"


def test_the_published_strategy_leaves_every_branch_to_its_supernet(drawn_folder, tmp_path):
    given = config(drawn_folder, tmp_path / "run")
    strategy = STRATEGIES[given.strategy]
    assert (strategy.decides, strategy.samples) == (True, False)
    assert strategy.active(build_search_network(given, {}), Draw(0, "weights", 0, 1.0)) == ({}, None)


@pytest.mark.parametrize("options", [
    {"strategy": "mixed", "mixing": "output", "cost_weight": 0.1}, {"strategy": "mixed", "clip_norm": 1.0},
    {"strategy": "single-path", "draws": 2, "architecture_lr": 1e-3}, {"strategy": "gumbel", "draws": 2},
])  # fmt: skip
def test_an_update_waits_for_the_device_once(drawn_folder, tmp_path, undrawn, monkeypatch, options):
    """And where what runs is drawn from what has been learnt, once for each draw and branch."""
    waits = []

    def watched(fabric, optimizer, parameters, *rest):
        with waits_for(everything) as found:
            means = checked_update(fabric, optimizer, parameters, *rest)
        waits.append(found)
        return means

    given = config(drawn_folder, tmp_path / "run", layers=1, epoch_steps=1, **options)
    training = SupernetTraining(given)
    everything = [*training.network.parameters(), *training.network.buffers()]
    monkeypatch.setattr(mfps.nas.supernet_training, "checked_update", watched)
    with training.session.open_run(None, "search", training.parts, training.inputs) as run:
        while run.unfinished:
            training.train_epoch(run, Ledger(given.out, "search"))
            run.epoch_done({}, 0.0)
    for number, found in enumerate(waits):
        draws = options.get("draws", 1) if number else 1  # a warm-up has one
        drawn = draws if options["strategy"] == "gumbel" else 0
        assert found == ["cpu"] * drawn + ["tolist"], number
    assert len(waits) == (2 if options["strategy"] == "single-path" else 3)


def test_without_a_console_nothing_is_printed(drawn_folder, tmp_path, undrawn, capfd):
    train_supernet(config(drawn_folder, tmp_path / "run", epoch_steps=1))
    assert capfd.readouterr() == ("", "")


def test_the_learning_rate_halves(drawn_folder, tmp_path, undrawn, console):
    halving = config(drawn_folder, tmp_path / "run", epochs=3, epoch_steps=1, halve_every=1, warmup_epochs=0)
    train_supernet(halving, console)
    assert [record["lr"] for record in history(tmp_path / "run")] == [0.025, 0.0125, 0.00625]


def test_a_run_ends_after_max_steps(drawn_folder, tmp_path, undrawn, console):
    train_supernet(config(drawn_folder, tmp_path / "run", max_steps=3), console)
    assert [record["step"] for record in history(tmp_path / "run")] == [2, 3]


def test_what_cannot_be_searched_makes_no_folder(drawn_folder, tmp_path, console, refused):
    out = tmp_path / "run"
    write_genotype(random_genotype(search_space(width=2, layers=2), 0), tmp_path / "wide.json")
    write_genotype(random_genotype(search_space(width=1, layers=2), 0), tmp_path / "held.json")
    for changed, rule in (
        ({"fix": {"upsample": str(tmp_path / "held.json")}}, "holds every branch"),
        ({"fix": {"upsample": str(tmp_path / "wide.json")}, "priors": "heatmap"}, "its width is 2"),
        ({"max_steps": 2}, "ends after 2 steps, within its warm-up of 1 epochs"),
        ({"size": 24}, "smaller than 24 pixels"),
        ({"priors": "dictionary"}, "no dictionary prior is stored there"),
        ({"batch_size": 4}, "do not fill a batch"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
        ({"data": tmp_path / "none"}, "no such data folder"),
    ):
        with refused(rule):
            train_supernet(config(**{"data": drawn_folder, "out": out, **changed}), console)
    assert not out.exists()


def test_another_run_is_not_overwritten(drawn_folder, tmp_path, console, refused):
    (tmp_path / "genotype.json").write_text("precious")
    with refused("holds another run or other files, and a run overwrites nothing"):
        train_supernet(config(drawn_folder, tmp_path), console)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"genotype.json": "precious"}


def test_a_loss_that_is_not_finite_stops_the_run(drawn_folder, tmp_path, undrawn, console, refused):
    with refused(r"the smooth_l1 loss is (nan|inf) at step [1-9]\d* \(batch: 000\d.png\)"):
        train_supernet(config(drawn_folder, tmp_path / "run", weight_lr=1e30, epoch_steps=None), console)
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_finished_epochs_stay_when_a_later_one_fails(
    run, drawn_folder, tmp_path, undrawn, console, monkeypatch, refused
):
    loss = mfps.nas.supernet_training.restoration_loss
    calls = iter(range(100))

    def diverging(*arguments):
        terms = loss(*arguments)
        return {name: value * (np.nan if next(calls) >= 3 else 1) for name, value in terms.items()}

    monkeypatch.setattr(mfps.nas.supernet_training, "restoration_loss", diverging)
    with refused(r"the smooth_l1 loss is nan at step 2 \("):
        train_supernet(config(drawn_folder, tmp_path / "run"), console)
    first = history(run)[0]
    assert history(tmp_path / "run") == [first]
    text = Path(tmp_path / "run" / "decoded.json").read_text()
    assert parse_genotype(text, "decoded.json").hash == first["hash"]
    assert load_weights(tmp_path / "run").header["provenance"]["epochs"] == 1
