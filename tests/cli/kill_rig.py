"""Kills a real command at random moments, resumes it, and compares its end with that of an undisturbed run."""

import os
import random
import shutil
import signal
import subprocess
import sysconfig
import time
from collections import Counter
from pathlib import Path

MFPS = Path(sysconfig.get_path("scripts")) / "mfps"
RESULTS = ("config.yaml", "genotype.json", "history.jsonl", "weights.safetensors")
ENDS = {signal.SIGKILL: {-signal.SIGKILL}, signal.SIGTERM: {128 + signal.SIGTERM, -signal.SIGTERM}}
"""Exit statuses after each signal: SIGTERM ends a command in the usual way as long as its run has not begun."""


def start(command: str, folder: Path) -> subprocess.Popen[str]:
    """Start the installed `mfps` in a folder, on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.Popen(
        [MFPS, *command.split()],
        cwd=folder,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )


def finish(command: str, folder: Path) -> None:
    """Run a command that must succeed, and complain of nothing."""
    process = start(command, folder)
    _, complaints = process.communicate(timeout=180)
    assert (process.returncode, complaints) == (0, "")


def results(run: Path) -> dict[str, bytes]:
    """What a run leaves; the place it says it was written to is left out."""
    found = {name: (run / name).read_bytes() for name in RESULTS if (run / name).exists()}
    found["config.yaml"] = b"\n".join(
        line for line in found["config.yaml"].splitlines() if not line.startswith(b"out:")
    )
    return found


def torture(command: str, folder: Path, kills: int, seed: int) -> Counter[str]:
    """Kill a command again and again; whenever it comes to its end, it begins anew.

    Args:
        command: a search or a training, without --out.
        folder: where it runs.
        kills: how often.
        seed: of the moments and signals.

    Returns:
        How many times what was done.
    """
    rng = random.Random(seed)
    began = time.monotonic()
    finish(f"{command} --out whole", folder)
    seconds = time.monotonic() - began
    expected = results(folder / "whole")
    assert set(expected) == set(RESULTS)
    toll: Counter[str] = Counter()
    run = folder / "run"
    while toll["kills"] < kills:
        process = start(f"{command} --out run --resume", folder)
        _wait_for_a_moment(process, run, seconds, rng)
        if process.poll() is None:
            signum = list(ENDS)[toll["kills"] % len(ENDS)]
            process.send_signal(signum)
            _, complaints = process.communicate(timeout=120)
            assert process.returncode in {0, *ENDS[signum]}, (process.returncode, complaints)
            assert "Traceback" not in complaints
            if process.returncode:
                toll["kills"] += 1
                toll[signum.name] += 1
                toll["torn checkpoints"] += _tear(run, rng)
                continue
        assert process.wait() == 0
        process.stderr.close()
        _compare(run, expected, toll)
        shutil.rmtree(run)
    finish(f"{command} --out run --resume", folder)
    _compare(run, expected, toll)
    return toll


def _compare(run: Path, expected: dict[str, bytes], toll: Counter[str]) -> None:
    found = results(run)
    assert [name for name in expected if found.get(name) != expected[name]] == []
    toll["runs equal to the undisturbed one"] += 1


def _wait_for_a_moment(process: subprocess.Popen[str], run: Path, seconds: float, rng: random.Random) -> None:
    """Any moment of the run, or, more often, one shortly after it has saved something."""
    if rng.random() < 0.25:
        until = time.monotonic() + rng.uniform(0, seconds)
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        return
    saves, before = rng.randint(1, 3), _checkpoints(run)
    while process.poll() is None and saves:
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
