"""Kill a real command at random moments, resume it, and compare its results with those of an undisturbed run."""

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ..processes import Started
from .conftest import Ended, Start

RESULTS = ("config.yaml", "genotype.json", "history.jsonl", "weights.safetensors")
SELECTED = ("decoded.json", "front.json", "front/00.json", "evaluations.jsonl")
"""What a search has besides."""

ENDS = {signal.SIGKILL: {-signal.SIGKILL}, signal.SIGTERM: {128 + signal.SIGTERM, -signal.SIGTERM}}
"""Exit statuses after each signal: SIGTERM ends a command in the usual way until its run has started."""


def finish(start: Start, command: str, folder: Path) -> None:
    """Run a command that must succeed without any complaint."""
    ended = start(command, folder).end()
    assert (ended.status, ended.err) == (0, "")


def results(run: Path) -> dict[str, bytes]:
    """The files of a run, without the path that it was written to."""
    found = {name: (run / name).read_bytes() for name in (*RESULTS, *SELECTED) if (run / name).exists()}
    found["config.yaml"] = b"\n".join(
        line for line in found["config.yaml"].splitlines() if not line.startswith(b"out:")
    )
    return found


def torture(
    start: Start, mfps: Callable[[str], Ended], command: str, folder: Path, kills: int, seed: int
) -> Counter[str]:
    """Kill a command again and again; whenever it finishes, start again.

    Args:
        start: starts the installed `mfps`.
        mfps: runs it in this process, in that folder.
        command: a search or a training, without --out.
        folder: where it runs.
        kills: how often to kill it.
        seed: seed of the moments and signals.

    Returns:
        How often each thing happened.
    """
    rng = random.Random(seed)
    started = time.monotonic()
    finish(start, f"{command} --out whole", folder)
    seconds = time.monotonic() - started
    expected = results(folder / "whole")
    assert set(expected) == {*RESULTS, *(SELECTED if command.startswith("search ") else ())}
    toll: Counter[str] = Counter()
    run = folder / "run"
    while toll["kills"] < kills:
        process = start(f"{command} --out run --resume", folder)
        _wait_for_a_moment(process, run, seconds, rng)
        if process.running():
            signum = list(ENDS)[toll["kills"] % len(ENDS)]
            os.kill(process.pid, signum)
            ended = process.end()
            assert ended.status in {0, *ENDS[signum]}, ended
            assert "Traceback" not in ended.err
            if ended.status:
                toll["kills"] += 1
                toll[signum.name] += 1
                toll["torn checkpoints"] += _tear(run, rng)
                continue
        assert process.end().status == 0
        _compare(run, expected, toll)
        shutil.rmtree(run)
    assert mfps(f"{command} --out run --resume").status == 0
    _compare(run, expected, toll)
    return toll


def _compare(run: Path, expected: dict[str, bytes], toll: Counter[str]) -> None:
    found = results(run)
    assert [name for name in expected if found.get(name) != expected[name]] == []
    toll["runs equal to the undisturbed one"] += 1


def _wait_for_a_moment(process: Started, run: Path, seconds: float, rng: random.Random) -> None:
    """Wait for any moment of the run or, more often, one shortly after it has saved something."""
    if rng.random() < 0.25:
        until = time.monotonic() + rng.uniform(0, seconds)
        while process.running() and time.monotonic() < until:
            time.sleep(0.01)
        return
    saves, before = rng.randint(1, 3), _checkpoints(run)
    while process.running() and saves:
        time.sleep(0.002)
        now = _checkpoints(run)
        saves -= now != before
        before = now
    time.sleep(rng.uniform(0, 0.15))


def _tear(run: Path, rng: random.Random) -> int:
    """Now and then cut the newest checkpoint off at a random place, unless it is the only one."""
    stored = sorted(_checkpoints(run), key=lambda name: name.split("-s")[1])
    if len(stored) < 2 or rng.random() < 0.8:
        return 0
    newest = run / "checkpoints" / stored[-1]
    os.truncate(newest, rng.randrange(newest.stat().st_size))
    return 1


def _checkpoints(run: Path) -> frozenset[str]:
    folder = run / "checkpoints"
    return frozenset(file.name for file in folder.iterdir() if file.name[0] == "e") if folder.is_dir() else frozenset()
