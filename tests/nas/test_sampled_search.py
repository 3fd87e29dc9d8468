"""Strategies that draw architectures: they resume to the byte, hold what they should, and use memory as they draw."""

import json
import signal

import mfps.nas.search_files
import pytest
import torch
from mfps.engine.run import Run
from mfps.errors import RunStopped
from mfps.files.config_model import fill
from mfps.genotypes.evaluations import read_evaluations
from mfps.genotypes.front import read_front
from mfps.genotypes.genotype_file import read_genotype
from mfps.nas.budget import Budget
from mfps.nas.config import SearchConfig
from mfps.nas.open_search import finished_search
from mfps.nas.search import search, train_supernet
from mfps.nas.search_network import build_search_network
from mfps.nas.selection.candidates import Candidates
from mfps.nas.strategies import STRATEGIES
from mfps.nas.strategies.single_path import fair_branch
from mfps.nas.strategies.strategy import Draw
from mfps.nas.supernet_training import SupernetTraining
from mfps.networks.path import FixedPath

pytestmark = pytest.mark.slow

SAMPLED = [name for name, strategy in STRATEGIES.items() if strategy.samples]
RESULTS = ("history.jsonl", "weights.safetensors")
TINY = {
    "size": 16, "width": 1, "layers": 2, "blocks": 1, "epochs": 3, "warmup_epochs": 1, "epoch_steps": 2,
    "batch_size": 1, "val_list": "val.txt", "device": "cpu", "hold_trunk": True, "solver": "adam", "weight_lr": 0.01,
    "layout": "channels-last",
    "schedule": "cosine", "norm_batches": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    monkeypatch.setattr(mfps.nas.search_files, "draw_genotype", lambda *_: None)


def config(data, out, strategy, **changed):
    return SearchConfig(data=data, out=out, strategy=strategy, **{**TINY, **changed})


def history(folder):
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def runs(drawn_folder, tmp_path_factory):
    """One search of each strategy that draws."""
    made = {}
    for strategy in SAMPLED:
        made[strategy] = tmp_path_factory.mktemp(strategy) / "run"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mfps.nas.search_files, "draw_genotype", lambda *_: None)
            train_supernet(config(drawn_folder, made[strategy], strategy))
    return made


WIDE = {"space": "wide", "hold_trunk": False, "warmup_epochs": 0, "epochs": 2, "width": 2}


@pytest.fixture(scope="module")
def wide(drawn_folder, tmp_path_factory):
    """A search of the wide space, with its selection."""
    run = tmp_path_factory.mktemp("wide") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mfps.nas.search_files, "draw_genotype", lambda *_: None)
        search(config(drawn_folder, run, "single-path", select_paths=4, population=4, generations=1, **WIDE))
    return run


def test_a_search_of_the_wide_space_finds_more_than_paths(wide):
    """What is measured costs very different amounts, is in the space, and is counted rightly."""
    searched = build_search_network(finished_search(wide), {})
    candidates = Candidates(searched.spaces, searched.fixed, searched.costs(16), Budget(), searched.backbones)
    measured = read_evaluations(wide).found
    for evaluation in measured:
        assert candidates.holds(evaluation.genotype)
        assert candidates.cost(evaluation.genotype)[:2] == (evaluation.parameters, evaluation.flops)
    assert max(one.flops for one in measured) > 5 * min(one.flops for one in measured)
    assert len({one.genotype.backbone for one in measured}) > 4
    names = {baseline.name for baseline in read_front(wide).baselines}
    assert {"cheapest", "dearest", "random 1"} <= names
    assert read_genotype(wide).backbone is not None


def test_a_search_of_the_wide_space_dies_and_is_resumed_to_the_byte(wide, drawn_folder, tmp_path, dies_at):
    given = config(drawn_folder, tmp_path / "run", "single-path", resume=True, checkpoint_steps=1, **WIDE)
    with dies_at(3):
        train_supernet(given)
    train_supernet(given)
    for name in RESULTS:
        assert (tmp_path / "run" / name).read_bytes() == (wide / name).read_bytes(), name


@pytest.mark.parametrize("strategy", ["mixed", "gumbel"])
def test_nested_widths_are_refused_where_they_cannot_be_weighed(strategy, refused):
    values = {"data": "faces", "out": "run", "space": "wide"}
    with refused(f"`strategy` {strategy} cannot weigh those; choose `strategy` single-path, or `space` published"):
        fill(SearchConfig, {**values, "strategy": strategy})
    with refused("`hold_trunk` would leave the layers around the branches"):
        fill(SearchConfig, {**values, "strategy": "single-path", "hold_trunk": True})


@pytest.mark.parametrize("strategy", SAMPLED)
def test_it_dies_and_is_resumed_to_the_byte(runs, drawn_folder, tmp_path, dies_at, strategy):
    for step in (3, 4):
        with dies_at(step):
            train_supernet(config(drawn_folder, tmp_path / "run", strategy, resume=True, checkpoint_steps=1))
    train_supernet(config(drawn_folder, tmp_path / "run", strategy, resume=True, checkpoint_steps=1))
    for name in RESULTS:
        assert (tmp_path / "run" / name).read_bytes() == (runs[strategy] / name).read_bytes(), name


@pytest.mark.parametrize("validation", range(4))
def test_it_is_stopped_in_any_validation_and_resumed_to_the_byte(runs, drawn_folder, tmp_path, monkeypatch, validation):
    """Stored, re-estimated, without features, by the batch: none of them is what a checkpoint holds."""
    given = config(drawn_folder, tmp_path / "run", "single-path", resume=True)
    batches = iter(range(100))
    stop_if_asked = Run.stop_if_asked

    def asked(run):
        if next(batches) == 2 * validation + 1:  # two faces are validated one after the other
            signal.raise_signal(signal.SIGTERM)
        stop_if_asked(run)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "stop_if_asked", asked)
        with pytest.raises(RunStopped):
            train_supernet(given)
    train_supernet(given)
    for name in RESULTS:
        assert (tmp_path / "run" / name).read_bytes() == (runs["single-path"] / name).read_bytes(), name


@pytest.mark.parametrize("strategy", SAMPLED)
def test_its_history_has_coverage_and_no_mixture(runs, strategy):
    records = history(runs[strategy])
    for record in records:
        assert "mixed" not in record["psnr"]
        assert record["gap"].keys() == {"stored", "reestimated"}
        assert ("probabilities" in record) == ("entropy" in record) == STRATEGIES[strategy].decides
    covered = [sum(record["coverage"]["upsample"]["cells"].values()) for record in records]
    assert covered == [0, 4, 8]  # two layers, two updates an epoch, none counted in the warm-up


@pytest.fixture
def epochs(monkeypatch):
    """The weights after each epoch, and the names of those that the optimizer has a state for."""
    seen = []
    finish = SupernetTraining.finish_epoch

    def spy(training, run):
        state = {name: value.clone() for name, value in training.network.state_dict().items()}
        optimizer = training.parts["weights_optimizer"]
        seen.append((state, {n for n, p in training.network.named_parameters() if p in optimizer.state}))
        finish(training, run)

    monkeypatch.setattr(SupernetTraining, "finish_epoch", spy)
    return seen


@pytest.mark.parametrize("strategy", SAMPLED)
@pytest.mark.parametrize("hold", [True, False])
def test_after_the_warm_up_only_the_branches_learn(drawn_folder, tmp_path, epochs, strategy, hold):
    train_supernet(config(drawn_folder, tmp_path / "run", strategy, hold_trunk=hold, epochs=2))
    (warm, _), (later, _) = epochs
    trunk = [name for name in warm if not name.startswith("paths.")]
    assert all(torch.equal(warm[name], later[name]) for name in trunk) == hold
    assert any(not torch.equal(warm[name], later[name]) for name in warm if name not in trunk)


def test_the_optimizer_has_a_state_only_for_what_was_drawn(drawn_folder, tmp_path, epochs):
    """In the warm-up, one architecture."""
    given = config(drawn_folder, tmp_path / "run", "single-path", epochs=2)
    train_supernet(given)
    searched = build_search_network(given, {})
    drawn = set(FixedPath(fair_branch(searched.spaces["upsample"], Draw(given.seed, "weights", 0, 1.0))).state_dict())
    used = {
        name
        for name in searched.weights()
        if not name.startswith("paths.") or name.removeprefix("paths.upsample.") in drawn
    }
    assert epochs[0][1] == used
    assert epochs[1][1] > used


def test_draws_do_not_depend_on_the_pieces_of_a_batch(runs, drawn_folder, tmp_path):
    train_supernet(config(drawn_folder, tmp_path / "run", "single-path", batch_size=2, accumulate=2))
    assert [r["coverage"] for r in history(tmp_path / "run")] == [r["coverage"] for r in history(runs["single-path"])]


def test_a_settled_search_stops_and_stays_stopped(drawn_folder, tmp_path, console):
    given = config(
        drawn_folder, tmp_path / "run", "gumbel", epochs=9, architecture_lr=1e-12, stop_when_settled=2, resume=True
    )
    for _ in range(2):
        train_supernet(given, console)
        assert [record["epoch"] for record in history(tmp_path / "run")] == [1, 2, 3]
    assert console.file.getvalue().count("settled   the genotype has not changed for 2 epochs") == 2


def test_a_search_that_goes_on_removes_what_was_selected(drawn_folder, tmp_path):
    """It would be of another supernet; what was measured stays."""
    quick = {"population": 2, "generations": 0, "select_paths": 1, "select_random": 0}
    given = config(drawn_folder, tmp_path / "run", "single-path", epochs=2, **quick)
    search(given)
    assert (tmp_path / "run" / "front" / "00.json").exists()
    train_supernet(given.model_copy(update={"epochs": 3, "resume": True}))
    there = {path.name for path in (tmp_path / "run").iterdir()}
    assert not there & {"front.json", "front.svg", "front.png", "genotype.json", "genotype.svg"}
    assert not any((tmp_path / "run" / "front").iterdir())
    assert "evaluations.jsonl" in there


def test_a_search_within_its_warm_up_is_refused(drawn_folder, tmp_path, refused):
    for strategy in STRATEGIES:
        with refused("within its warm-up of 1 epochs of 2 steps: no architecture would be searched"):
            options = {"solver": "sgd", "hold_trunk": False} if strategy == "mixed" else {}
            train_supernet(config(drawn_folder, tmp_path / "run", strategy, max_steps=2, **options))
