"""The process in which one way of running a network is measured: it has its own peak memory, and waits for its turn."""

import multiprocessing as mp
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import MfpsError, shortened
from .passes import timed_passes
from .ways import Way

SHORTEST_TURN_SECONDS = 0.3
"""A turn has as many passes as fit, and at least one."""


class Opened(NamedTuple):
    """A way that is ready to be measured."""

    runs_as: str
    """Layout and number format, as they were chosen."""
    flops: int
    """Of one face."""
    load_seconds: float
    """Reading the file and building the network."""
    first_seconds: float
    """The first pass, with all that happens once."""


class Turn(NamedTuple):
    """What a turn measured."""

    seconds: float
    """Median of its passes, by the clock."""
    cpu_seconds: float
    """Processor time of a pass, of all threads; the mean."""
    rate: float
    """FLOP/s at which the machine computes convolutions, measured right after."""
    peak_mb: float
    """Peak memory so far, beyond that of the libraries; only that of the first turn is the network's alone."""


class Worker:
    """A process that measures one way.

    Attributes:
        way: what it measures.
        opened: what was found when it was opened.
    """

    def __init__(self, way: Way, connection: Any) -> None:
        self.way = way
        self._connection = connection
        self.opened: Opened = self._receive()

    def turn(self) -> Turn:
        """Let it measure once; it is idle between two turns."""
        return self._receive("turn")

    def _receive(self, order: str | None = None) -> Any:
        try:
            if order is not None:
                self._connection.send(order)
            answer = self._connection.recv()
        except (EOFError, OSError):
            raise MfpsError(
                f"{self.way.network}: the process that measured it ended, likely for lack of memory; choose a smaller "
                "`batch_sizes` or `sizes`"
            ) from None
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def worker(way: Way) -> Iterator[Worker]:
    """A process that measures one way while the block runs.

    Args:
        way: what to measure.

    Raises:
        MfpsError: the network cannot be opened, or cannot be run in this way.
    """
    context = mp.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, way), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Worker(way, ours)
    finally:
        ours.close()
        process.join(timeout=5)
        if process.is_alive():
            process.kill()


def _serve(connection: Any, way: Way) -> None:
    try:
        measured = _Measured(way)
        connection.send(measured.opened)
        while True:
            connection.recv()
            connection.send(measured.turn())
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # the benchmark is over
    except Exception as error:
        connection.send(error if isinstance(error, MfpsError) else MfpsError(_told(way, error)))


def _told(way: Way, error: Exception) -> str:
    """An error of a library in one line, as far as it fits."""
    first = next(iter(str(error).splitlines()), type(error).__name__)
    return (
        f"{way.network}: cannot be run in this way ({shortened(first, 200)}); choose another runtime or number format"
    )


class _Measured:
    def __init__(self, way: Way) -> None:
        import torch

        from .runner import Runner

        torch.set_num_threads(way.point.threads)
        self._before_mb = _resident_mb()
        began = time.perf_counter()
        self._runner = Runner(way)
        loaded = time.perf_counter()
        self._runner.run()
        self.opened = Opened(self._runner.runs_as, self._runner.flops, loaded - began, time.perf_counter() - loaded)

    def turn(self) -> Turn:
        cpu_began = time.process_time()
        walls = timed_passes(self._runner.run, SHORTEST_TURN_SECONDS)
        cpu = (time.process_time() - cpu_began) / len(walls)
        peak = self._runner.peak_mb() or _resident_mb() - self._before_mb
        return Turn(statistics.median(walls), cpu, self._runner.convolution_rate(), peak)


def _resident_mb() -> float:
    """Peak memory of this process alone: on Linux ru_maxrss begins with that of the process which started it."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = status.read_text(encoding="utf-8").splitlines()
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)
