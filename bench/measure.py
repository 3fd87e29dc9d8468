"""Measuring networks side by side: all ways of one size, batch size and number of threads take turns."""

import json
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from rich.console import Console

from .. import __version__
from ..engine.clock import counts_processor_time
from ..engine.device import choose_device, device_name
from ..engine.progress import track
from ..files.atomic_file import write_atomically
from ..files.atomic_folder import atomic_folder, check_free
from ..files.temporary_folder import temporary_folder
from .config import BenchConfig
from .figure import bench_png
from .report import table_markdown
from .sources import open_sources
from .ways import Point, Way, labels, ways
from .worker import Opened, Turn, worker


def bench(config: BenchConfig, console: Console | None = None) -> dict[str, Any]:
    """Measure networks, and write `bench.json`, `bench.md` and `bench.png` to a new folder if there is to be one.

    Args:
        config: the networks, and how they are run.
        console: where progress is shown; by default nowhere.

    Returns:
        The report, as written.

    Raises:
        MfpsError: a network cannot be opened, or cannot be run in one of the ways; nothing is written then.
    """
    if config.out is not None:
        check_free(config.out)
    device, console = choose_device(config.device), console or Console(quiet=True)
    names = labels(config.network)
    with temporary_folder("bench") as exports:
        measured = ways(config, open_sources(config, exports, console))
        total = config.rounds * sum(map(len, measured.values()))
        rows: list[dict[str, Any]] = []
        with track("bench", total, console) as tick:
            for point, compared in measured.items():
                rows += _take_turns(point, compared, config.rounds, names, tick)
    report = {
        "mfps": __version__,
        "torch": torch.__version__,
        "device": device_name(device),
        "rounds": config.rounds,
        "measured": rows,
    }
    if config.out is not None:
        with atomic_folder(config.out) as unfinished:
            write_atomically(unfinished / "bench.json", json.dumps(report, indent=1) + "\n")
            write_atomically(unfinished / "bench.md", table_markdown(report))
            write_atomically(unfinished / "bench.png", bench_png(report))
    return report


def _take_turns(
    point: Point, compared: list[Way], rounds: int, names: Mapping[str, str], tick: Callable[[str], None]
) -> list[dict[str, Any]]:
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(way)) for way in compared]
        turns: list[list[Turn]] = [[] for _ in workers]
        for _ in range(rounds):
            for one, own in zip(workers, turns, strict=True):
                own.append(one.turn())
                tick(f"{names[one.way.network]}, {point}")
        return [_row(names[one.way.network], one.way, one.opened, own) for one, own in zip(workers, turns, strict=True)]


def _row(name: str, way: Way, opened: Opened, turns: list[Turn]) -> dict[str, Any]:
    """What was measured of one way; times are for a whole batch, and `counts` names the one to compare ways by."""
    walls = sorted(turn.seconds for turn in turns)
    middle = statistics.median(walls)
    flops_per_second = opened.flops * way.point.batch / middle
    return {
        "network": name,
        "runtime": way.runtime,
        "runs_as": opened.runs_as,
        **way.point._asdict(),
        "ms": 1000 * middle,
        "ms_least": 1000 * walls[0],
        "ms_most": 1000 * walls[-1],
        "cpu_ms": 1000 * statistics.median(turn.cpu_seconds for turn in turns),
        "counts": "cpu_ms" if counts_processor_time(choose_device(way.device), way.point.threads) else "ms",
        "faces_per_second": way.point.batch / middle,
        "load_ms": 1000 * opened.load_seconds,
        "first_ms": 1000 * opened.first_seconds,
        "peak_mb": turns[0].peak_mb,
        "gflop": opened.flops / 1e9,
        "gflops_per_second": flops_per_second / 1e9,
        "share_of_machine": flops_per_second / statistics.median(turn.rate for turn in turns),
    }
