"""Several processes on the CPU (gloo) against one with the same batches, through the installed `mfps`."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from mfps.engine.weights import load_weights
from mfps.genotypes.genotype_file import read_genotype

from ..processes import Started, run_process
from .conftest import RETRAIN, SEARCH, Ended, Start
from .kill_rig import finish
from .test_bad_input import assert_one_line
from .test_resume import ENDLESS

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


def test_two_processes_search_what_one_does(world: Path, start: Start, mfps: Callable[[str], Ended]) -> None:
    command = f"{SEARCH} {LONGER} --warmup-epochs 1 --priors heatmap --iterations 2"
    assert mfps(f"{command} --out one").status == 0
    finish(start, f"{command} --devices 2 --layout auto --out two", world)  # one process times it for both
    assert_same_run(world / "one", world / "two")
    assert set(json.loads((world / "two/environment.json").read_text())["execution"]["milliseconds"])


def test_a_dead_process_ends_the_run_and_the_rest_is_done_by_one(
    world: Path, start: Start, mfps: Callable[[str], Ended]
) -> None:
    command = f"{RETRAIN} {LONGER} --genotype searched --checkpoint-steps 1 {ENDLESS} --out new"
    process = start(f"{command} --devices 2", world)
    process.wait_for(lambda: last_step(world / "new") > 0)
    os.kill(child_of(process), signal.SIGKILL)
    ended = process.end()
    # Fabric kills a process that waits in vain; mostly it finds out itself before.
    assert ended.status in (1, -signal.SIGKILL)
    if ended.status == 1:
        assert_one_line(ended, ("another process of the run is gone", "--resume"))
    step = last_step(world / "new")
    ended = mfps(f"{command} --devices 1 --resume --max-steps {step + 2}")
    assert ended.status == 0, ended.err
    assert load_weights(world / "new").state
    assert last_step(world / "new") == step + 2


def test_two_processes_stop_together(world: Path, start: Start) -> None:
    process = start(f"{SEARCH} --batch-size 2 {ENDLESS} --devices 2 --out new", world)
    process.wait_for(lambda: (world / "new" / "checkpoints").is_dir())
    os.kill(process.pid, signal.SIGTERM)
    assert_one_line(process.end(), ("stopped by SIGTERM after step", "--resume"), 143)


def test_a_batch_must_be_divisible(world: Path, mfps: Callable[[str], Ended]) -> None:
    ended = mfps(f"{SEARCH} --batch-size 3 --devices 2 --out new")
    assert_one_line(ended, ("--batch-size 3 cannot be divided among --devices 2", "choose a multiple of 2"))
    assert not (world / "new").exists()


def last_step(run: Path) -> int:
    """The step after which the newest checkpoint of a run was saved."""
    return max((int(file.name.split("-s")[1].split("-")[0]) for file in run.glob("checkpoints/e*")), default=0)


def child_of(process: Started) -> int:
    """The one Python process that another one started."""
    listed = run_process("ps", "-o", "pid=", "--ppid", str(process.pid), folder=Path())
    (child,) = listed.out.split()
    return int(child)
