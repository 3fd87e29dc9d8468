"""Several processes on the CPU (gloo) against one with the same batches, through the installed `mfps`."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from mfps.engine.weights import load_weights
from mfps.genotypes.genotype_file import read_genotype

from .conftest import RETRAIN, SEARCH, Ended
from .kill_rig import finish, start
from .test_bad_input import assert_one_line
from .test_resume import wait_for

LONGER = "--epochs 2 --epoch-steps 2 --max-steps 4 --batch-size 2"


def assert_same_run(one: Path, other: Path) -> None:
    """Equal but for rounding: architecture, weights, losses and validation."""
    assert read_genotype(one).hash == read_genotype(other).hash
    first, second = load_weights(one).state, load_weights(other).state
    assert list(first) == list(second)
    distances = [float((first[name].float() - second[name].float()).abs().max()) for name in first]
    assert max(distances) < 1e-4
    records = [[json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()] for run in (one, other)]
    assert len(records[0]) == len(records[1])
    for left, right in zip(*records, strict=True):
        assert left["loss"] == pytest.approx(right["loss"], rel=1e-4)
        for name, values in left["psnr"].items():
            assert values == pytest.approx(right["psnr"][name], abs=1e-2)


def test_two_processes_search_what_one_does(world: Path, mfps: Callable[[str], Ended]) -> None:
    command = f"{SEARCH} {LONGER} --warmup-epochs 1 --priors heatmap --iterations 2"
    assert mfps(f"{command} --out one").status == 0
    finish(f"{command} --devices 2 --out two", world)
    assert_same_run(world / "one", world / "two")


def test_a_dead_process_ends_the_run_and_the_rest_is_done_by_one(world: Path, mfps: Callable[[str], Ended]) -> None:
    command = f"{RETRAIN} {LONGER} --genotype searched --checkpoint-steps 1"
    assert mfps(f"{command} --out one").status == 0
    longer = command.replace("--epochs 2", "--epochs 200").replace("--max-steps 4", "--max-steps 400")
    process = start(f"{longer} --devices 2 --out two", world)
    wait_for(lambda: any((world / "two").glob("checkpoints/*s0000000[1-4]-*")))
    os.kill(child_of(process.pid), signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    # Fabric kills a process that waits in vain; mostly it finds out itself before.
    assert process.returncode in (1, -signal.SIGKILL)
    if process.returncode == 1:
        assert_one_line(Ended(1, "", said), ("another process of the run is gone", "--resume"))
    ended = mfps(f"{longer} --max-steps 400 --epochs 200 --out two --resume --devices 1".replace("400", "4"))
    assert ended.status == 0, ended.err


def test_two_processes_stop_together(world: Path) -> None:
    process = start(f"{SEARCH} --batch-size 2 --epochs 200 --max-steps 200 --devices 2 --out new", world)
    wait_for(lambda: (world / "new" / "checkpoints").is_dir())
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert_one_line(Ended(process.returncode, "", said), ("stopped by SIGTERM after step", "--resume"), 143)


def test_a_batch_must_be_divisible(world: Path, mfps: Callable[[str], Ended]) -> None:
    ended = mfps(f"{SEARCH} --batch-size 3 --devices 2 --out new")
    assert_one_line(ended, ("--batch-size 3 cannot be divided among --devices 2", "take a multiple of 2"))
    assert not (world / "new").exists()


def child_of(process: int) -> int:
    """The one Python process that another one started."""
    found: list[int] = []

    def look() -> bool:
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
        )
        found[:] = [int(line) for line in listed.stdout.split()]
        return bool(found)

    wait_for(look)
    return found[0]
