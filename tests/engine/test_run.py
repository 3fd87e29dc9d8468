"""The laws of a run, on a network of one layer; the real ones are in test_resume.py of nas, retrain and cli."""

import os
import signal

import pytest
import torch
from mfps.engine.checkpoint import Checkpoint, Checkpoints
from mfps.engine.configuration import RunConfig
from mfps.engine.device import make_fabric
from mfps.engine.open_run import open_run
from mfps.engine.position import Length
from mfps.engine.run_inputs import RunInput, contents
from mfps.errors import NotFiniteError, RunStopped
from mfps.files.history import read_history

pytestmark = pytest.mark.slow

STEPS, EPOCHS = 3, 4
LENGTH = Length(EPOCHS, STEPS, EPOCHS * STEPS)
FABRIC = make_fabric("cpu")


@pytest.fixture
def config(tmp_path):
    def make(out="run", **changed):
        given = {"data": "faces", "out": tmp_path / out, "epochs": EPOCHS, "batch_size": 1, "keep_checkpoints": 2}
        return RunConfig(**{**given, **changed})

    return make


def inputs(content):
    return {"list": RunInput("data", "faces", content)}


def train(config, console, each=lambda run: None, judge=lambda run: None, trouble=lambda step: False, given="a"):
    """A loop like those of search and training; `each` is called in every step, before the step is counted."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    parts = {"network": network, "optimizer": optimizer}
    with open_run(config, FABRIC, console, "train", LENGTH, parts, inputs(given)) as run:
        while run.unfinished:
            with run.roll_back_nonfinite():
                for _ in range(run.steps_left):
                    with run.skip_nonfinite(network):
                        optimizer.zero_grad()
                        loss = network(torch.randn(4, 2)).square().mean() + network[0].weight.sum()
                        if trouble(run.position.step):
                            network[1].running_mean.fill_(torch.nan)
                            raise NotFiniteError.at("x", run.position.step, ())
                        loss.backward()
                        for group in optimizer.param_groups:
                            group["lr"] = 0.1 * run.position.lr_scale
                        optimizer.step()
                    each(run)
                    run.step_done({"loss": float(loss.detach())}, "")
                judge(run)
                run.stop_if_asked()
                position = run.position
                record = {"epoch": position.epoch + 1, "step": position.step, "loss": position.mean_losses()}
                run.epoch_done(record, score=-abs(position.epoch - 1))
    return run, [tensor.clone() for tensor in network.state_dict().values()]


def stop_at(step, signum=signal.SIGTERM):
    def each(run):
        if run.position.step == step:
            os.kill(os.getpid(), signum)

    return each


def die_at(step):
    def each(run):
        if run.position.step == step:
            raise KeyboardInterrupt

    return each


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def saved(folder):
    return sorted(path.name.rpartition("-")[0] for path in (folder / "checkpoints").iterdir())


@pytest.fixture
def whole(config, console):
    """An undisturbed run: its weights and history."""
    _, weights = train(config("whole"), console)
    return weights, (config("whole").out / "history.jsonl").read_bytes()


@pytest.mark.parametrize("stops", [[0], [1], [2], [3], [11], [0, 1, 2, 5, 8, 11]])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(config, console, whole, stops):
    for number, stop in enumerate(stops):
        with pytest.raises(RunStopped, match=rf"stopped by SIGTERM after step {stop + 1}, and saved in .*`resume`"):
            train(config(resume=number > 0), console, stop_at(stop))
    _, weights = train(config(resume=True), console)
    assert same(weights, whole[0])
    assert (config().out / "history.jsonl").read_bytes() == whole[1]


@pytest.mark.parametrize("step", [0, 1, 4, 5, 11])
@pytest.mark.parametrize("every", [None, 1, 2])
def test_a_run_that_died_ends_as_one_that_did_not(config, console, whole, step, every):
    with pytest.raises(KeyboardInterrupt):
        train(config(checkpoint_steps=every), console, die_at(step))
    _, weights = train(config(resume=True), console)
    assert same(weights, whole[0])
    assert (config().out / "history.jsonl").read_bytes() == whole[1]


@pytest.mark.parametrize("step", [3, 12])
def test_a_validation_that_is_cut_off_is_done_again(config, console, whole, step):
    with pytest.raises(RunStopped, match=f"after step {step},"):
        train(config(), console, judge=stop_at(step))
    assert saved(config().out)[-1] == f"e{step // 3 - 1:04d}-b00003-s{step:08d}"
    _, weights = train(config(resume=True), console)
    assert same(weights, whole[0])
    assert (config().out / "history.jsonl").read_bytes() == whole[1]


def test_truncated_checkpoints_are_skipped(config, console, whole):
    with pytest.raises(RunStopped):
        train(config(), console, stop_at(7))
    newest = max((config().out / "checkpoints").iterdir(), key=lambda file: file.name.split("-s")[1])
    newest.write_bytes(newest.read_bytes()[:-7])
    _, weights = train(config(resume=True), console)
    assert f"{newest}: the checkpoint is truncated or was changed, and is skipped" in console.file.getvalue()
    assert same(weights, whole[0])
    assert (config().out / "history.jsonl").read_bytes() == whole[1]


@pytest.mark.parametrize("torn", [1, 9])
def test_what_is_saved_after_a_truncated_checkpoint_is_kept(config, console, whole, torn):
    """Even though the truncated ones, or all of them, belong to later steps."""
    with pytest.raises(RunStopped):
        train(config(keep_checkpoints=1, checkpoint_steps=1), console, stop_at(7))
    files = sorted((config().out / "checkpoints").iterdir(), key=lambda file: file.name.split("-s")[1])
    for file in files[-torn:]:
        file.write_bytes(b"")
    step = 7 if torn == 1 else 1
    with pytest.raises(RunStopped):
        train(config(keep_checkpoints=1, resume=True), console, stop_at(step - 1))
    assert any(f"-s{step:08d}" in name for name in saved(config().out))
    assert not any("-s00000008" in name for name in saved(config().out))
    _, weights = train(config(resume=True), console)
    assert same(weights, whole[0])
    assert (config().out / "history.jsonl").read_bytes() == whole[1]


def test_a_resumed_run_that_had_rolled_back_ends_as_one_that_was_not_stopped(config, console):
    options = {"on_nonfinite": "rollback", "checkpoint_steps": 1}
    results = []
    for out, stop in (("one", None), ("two", 7)):
        first = iter([True, False])

        def trouble(step, first=first):
            return step == 4 and next(first, False)

        each = stop_at(stop) if stop else lambda run: None
        try:
            _, weights = train(config(out, **options), console, each, trouble=trouble)
        except RunStopped:
            run, weights = train(config(out, **options, resume=True), console)
            assert run.position.lr_scale == 0.5
        results.append((weights, (config(out).out / "history.jsonl").read_bytes()))
    assert same(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]


def test_resume_starts_an_empty_run_and_ends_a_finished_one(config, console, whole):
    for _ in range(2):
        _, weights = train(config(resume=True), console)
        assert same(weights, whole[0])
        assert (config().out / "history.jsonl").read_bytes() == whole[1]


def test_what_is_kept(config, console):
    """The two newest, the last one between two epochs, and that of the best epoch (the second)."""
    train(config(), console)
    assert saved(config().out) == ["e0002-b00000-s00000006", "e0003-b00000-s00000009", "e0004-b00000-s00000012"]
    with pytest.raises(RunStopped):
        train(config("other", checkpoint_steps=1), console, stop_at(10))
    assert saved(config("other").out) == [
        "e0002-b00000-s00000006", "e0003-b00000-s00000009", "e0003-b00001-s00000010", "e0003-b00002-s00000011",
    ]  # fmt: skip


def test_a_save_is_due_by_the_clock(config, console, monkeypatch):
    clock = iter(range(0, 10**6, 40))
    monkeypatch.setattr("mfps.engine.run.time.monotonic", lambda: float(next(clock)))
    with pytest.raises(KeyboardInterrupt):
        train(config(checkpoint_minutes=1), console, die_at(2))
    assert "e0000-b00001-s00000001" in saved(config().out)


def test_other_contents_are_refused_before_anything_is_written(config, console, refused):
    with pytest.raises(RunStopped):
        train(config(), console, stop_at(1))
    before = {path: path.read_bytes() for path in config().out.rglob("*") if path.is_file()}
    with refused("faces: not the `data` that the run was started with, which was a, while this is b; give that one"):
        train(config(resume=True, device="cpu", data="faces"), console, given="b")
    assert {path: path.read_bytes() for path in config().out.rglob("*") if path.is_file()} == before


def test_nothing_is_left_locked(config, console):
    with pytest.raises(KeyboardInterrupt):
        train(config(), console, die_at(0))
    assert not (config().out / "run.lock").exists()


def test_skip_undoes_everything_the_update_touched(config, console):
    run, weights = train(config(on_nonfinite="skip"), console, trouble=lambda step: step == 4)
    assert all(tensor.isfinite().all() for tensor in weights)
    assert run.position.left_out == 1
    assert "left out  x at step 4" in console.file.getvalue()
    assert len(read_history(config().out)) == EPOCHS


def test_rollback_goes_back_an_epoch_with_half_the_rate(config, console):
    seen = []

    def each(run):
        seen.append((run.position.step, run.position.lr_scale))

    times = iter([True, False, False])
    run, weights = train(
        config(on_nonfinite="rollback", checkpoint_steps=1),
        console,
        each,
        trouble=lambda step: step == 4 and next(times),
    )
    assert seen == [(0, 1), (1, 1), (2, 1), (3, 1)] + [(step, 0.5) for step in range(3, 12)]
    assert all(tensor.isfinite().all() for tensor in weights)
    assert [record["epoch"] for record in read_history(config().out)] == [1, 2, 3, 4]
    assert run.position.lr_scale == 0.5


def test_rollback_gives_up(config, console, refused):
    with refused("x at step 4"):
        train(config(on_nonfinite="rollback"), console, trouble=lambda step: step == 4)
    assert console.file.getvalue().count("back to step 3") == 5


def test_stop_keeps_the_last_checkpoint(config, console, whole, refused):
    with refused("x at step 4"):
        train(config(), console, trouble=lambda step: step == 4)
    assert saved(config().out)[-1] == "e0001-b00000-s00000003"
    _, weights = train(config(resume=True), console)
    assert same(weights, whole[0])


def test_bad_faces_are_reported_once_and_too_many_end_the_run(config, console, refused):
    with open_run(config(max_bad_faces=0.1), FABRIC, console, "x", LENGTH, {}, {}) as run:
        run.note_bad_faces({"a.png": "a.png: damaged"}, 10)
        run.note_bad_faces({"a.png": "a.png: damaged"}, 10)
        assert console.file.getvalue().count("skipped   a.png: damaged") == 1
        with refused("2 of 10 photographs cannot be read, more than the 10% of `max_bad_faces`; first: a.png: damaged"):
            run.note_bad_faces({"b.png": "b.png: damaged"}, 10)


def test_a_checkpoint_of_another_version_is_refused(config, console, refused):
    train(config(), console)
    for file in (config().out / "checkpoints").iterdir():
        file.unlink()
    state = {"inputs": contents(inputs("a")), "position": {"step": "x"}, "parts": {}}
    Checkpoints(config().out, 1).save(Checkpoint(0, 0, 0, {}, state))
    with refused("its checkpoints are from another version of mfps; start again with `overwrite`"):
        train(config(resume=True), console)


def test_a_folder_that_cannot_be_written(config, console, refused, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mfps.engine.open_run.begin_run_folder", fail)
    with refused(
        r"run: cannot be written \(No space left on device\); check its permissions and the free space, or give "
        r"another folder for `out`"
    ):
        train(config(), console)
