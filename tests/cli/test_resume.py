"""Runs that are killed, stopped, out of disk space or in each other's way, through the installed `mfps`."""

import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import mfps.engine.update as update
import mfps.files.atomic_file as atomic_file
import pytest
from mfps.engine.checkpoint import Checkpoints

from ..processes import run_process
from .conftest import RETRAIN, SEARCH, Ended, Start
from .kill_rig import results, torture
from .test_bad_input import assert_one_line

LONGER = "--epochs 3 --epoch-steps 2 --max-steps 6 --batch-size 2 --checkpoint-steps 1"
ENDLESS = "--epochs 10000 --max-steps 10000"
COMMANDS = {
    "search": f"{SEARCH} {LONGER} --warmup-epochs 1",
    "retrain": f"{RETRAIN} {LONGER} --genotype searched --ema 0.9",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_killed_run_that_is_resumed_gives_the_same_bytes(
    command: str,
    world: Path,
    start: Start,
    mfps: Callable[[str], Ended],
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    total = request.config.getoption("--kills")
    kills = (total + 1) // 2 if command == "search" else total // 2
    toll = torture(start, mfps, COMMANDS[command], world, kills, seed=int(request.config.getoption("--kill-seed")))
    with capsys.disabled():
        print(f"\n{command}: {', '.join(f'{count} {what}' for what, count in toll.items())}")  # noqa: T201
    assert toll["kills"] == kills
    assert toll["runs equal to the undisturbed one"] >= 1


def test_a_second_process_is_kept_out_and_a_signal_ends_the_first_in_one_line_that_says_how_to_continue(
    world: Path, start: Start, mfps: Callable[[str], Ended]
) -> None:
    """SIGTERM; SIGINT ends the search of test_commands.py."""
    process = start(f"{SEARCH} {ENDLESS} --out new", world)
    process.wait_for(lambda: Checkpoints(world / "new", 1).newest(pytest.fail) is not None)
    for flag in ("--resume", "--overwrite"):
        ended = mfps(f"{SEARCH} {ENDLESS} --out new {flag}")
        assert_one_line(ended, (f"new: process {process.pid} on ", "is working in it", "wait until it ends"))
    os.kill(process.pid, signal.SIGTERM)
    assert_one_line(process.end(), ("stopped by SIGTERM after step", "--resume"), 128 + signal.SIGTERM)
    assert not (world / "new" / "run.lock").exists()


@pytest.mark.parametrize(
    "command",
    [
        "restore trained faces --device cpu --no-whole",
        "restore trained faces/images/0003.png --device cpu --out new/face.png",
        "evaluate trained --data faces --device cpu --save-images",
        "degrade faces --degradation noise",
        "export trained --format safetensors",
        "genotype export mfpsnet",
    ],
)
def test_sigterm_leaves_nothing_half_written_and_no_hidden_folder(
    world: Path, mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    sync, calls = atomic_file._sync, iter(range(1000))

    def ended(path: Path, flags: int) -> None:
        if not next(calls):  # a second signal would end the tests
            os.kill(os.getpid(), signal.SIGTERM)
        sync(path, flags)

    monkeypatch.setattr(atomic_file, "_sync", ended)
    before = sorted(world.rglob("*"))
    command = command if "--out" in command else f"{command} --out new"
    assert_one_line(mfps(command), ("stopped by SIGTERM", "the same command"), 128 + signal.SIGTERM)
    assert sorted(world.rglob("*")) == before
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_changed_option_is_refused_and_named(world: Path, mfps: Callable[[str], Ended]) -> None:
    before = results(world / "searched")
    ended = mfps(f"{SEARCH} --out searched --resume --seed 4 --mixing output")
    assert_one_line(ended, ("searched", "mixing was input and is output", "seed was 0 and is 4", "give the same ones"))
    assert results(world / "searched") == before


def test_more_epochs_continue_from_the_end(world: Path, mfps: Callable[[str], Ended]) -> None:
    finished = mfps(f"{SEARCH} --out searched --resume")
    assert finished.status == 0
    longer = mfps(f"{SEARCH} --out searched --resume --epochs 3 --max-steps 100")
    assert longer.status == 0
    assert (world / "searched" / "history.jsonl").read_text().count("\n") == 3


def test_overwrite_starts_again(world: Path, mfps: Callable[[str], Ended]) -> None:
    before = results(world / "searched")
    assert mfps(f"{SEARCH} --out searched --overwrite --seed 1").status == 0
    assert results(world / "searched")["weights.safetensors"] != before["weights.safetensors"]
    assert mfps(f"{SEARCH} --out searched --overwrite").status == 0
    assert results(world / "searched") == before


def test_a_disk_that_fills_up(world: Path, start: Start, mfps: Callable[[str], Ended]) -> None:
    """No file may grow beyond the first checkpoint, which has no optimizer state yet: the second one does not fit."""
    command = COMMANDS["retrain"]
    assert mfps(f"{command} --out whole").status == 0
    assert mfps(f"{command} --out new --max-steps 1").status == 0
    small = min(file.stat().st_size for file in (world / "new" / "checkpoints").iterdir())
    shutil.rmtree(world / "new")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (small + 1000, before[1]))
    try:
        process = start(f"{command} --out new", world)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert_one_line(process.end(), ("File too large", "free space"))
    assert len(list((world / "new" / "checkpoints").iterdir())) == 1
    assert mfps(f"{command} --out new --resume").status == 0
    assert results(world / "new") == results(world / "whole")


def test_a_folder_that_may_no_longer_be_written(
    world: Path, mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = Path.replace, iter(range(100))

    def refuse(path: Path, target: Path) -> Path:
        if "checkpoints" in str(target) and next(calls) == 2:
            raise PermissionError(13, "Permission denied", str(target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    assert_one_line(mfps(f"{COMMANDS['search']} --out new"), ("new/checkpoints/e", "Permission denied", "permissions"))
    assert not list((world / "new" / "checkpoints").glob(".*"))
    monkeypatch.undo()
    monkeypatch.chdir(world)
    assert mfps(f"{COMMANDS['search']} --out new --resume").status == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_a_data_folder_that_vanishes(
    world: Path, mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    apply_update = update.apply_update

    def vanishing(*arguments: object) -> object:
        if (world / "faces").exists():
            (world / "faces").rename(world / "elsewhere")
        return apply_update(*arguments)

    command = f"{SEARCH} --epochs 2 --max-steps 8 --workers {workers} --out new"
    monkeypatch.setattr(update, "apply_update", vanishing)
    assert_one_line(mfps(command), ("faces/images: the data folder is gone", "restore it"))
    monkeypatch.setattr(update, "apply_update", apply_update)
    (world / "elsewhere").rename(world / "faces")
    assert mfps(f"{command} --resume").status == 0


@pytest.mark.parametrize("drops", ["weakref", "library"])
def test_sigterm_is_not_lost_where_its_exception_is_dropped(tmp_path: Path, drops: str) -> None:
    """Python drops it in the callbacks of its import locks, and libraries do so as well."""
    program = """
import os, signal, sys, time, weakref
from mfps.cli import main
class Target: pass
def weakref_callback():
    target = Target()
    kept = weakref.ref(target, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    del target
def library():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except BaseException:
        pass
def run():
    sys.unraisablehook = lambda _: None
    {"weakref": weakref_callback, "library": library}[sys.argv[1]]()
    time.sleep(300)
main.AGAIN_S = 0.2
main.app = run
main.main()
"""
    ended = run_process(sys.executable, "-c", program, drops, folder=tmp_path)
    assert ended.status == 128 + signal.SIGTERM
    assert ended.err.startswith("mfps: stopped by SIGTERM; continue ")
    assert ended.err.count("\n") == 1
