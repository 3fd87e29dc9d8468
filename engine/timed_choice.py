"""The fastest of several ways to compute a network, found by timing.

Which layout is the fastest differs between machines and networks, by factors. So the candidates are timed on a few
real passes of the real network, in turns, and the fastest is taken whose results are as good as those of float32.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .clock import seconds_of
from .execution import Execution

ROUNDS = 3
"""How often each candidate is timed, in turns; the shortest time counts."""

SECONDS = 4.0
"""After so long, the first passes included, no other round begins; every candidate is timed once in any case."""

WORTHWHILE = 0.95
"""A candidate is preferred to an earlier one only if it takes at most this share of its time."""

TOLERANCE = 0.01
"""Largest mean square root error, of pictures in [0, 1], with which another number format counts as safe: 40 dB."""


class Choice(NamedTuple):
    """An execution that was chosen."""

    execution: Execution
    milliseconds: dict[str, float]
    """What each candidate took for a pass; empty if there was nothing to choose from."""
    unsafe: tuple[str, ...] = ()
    """Candidates whose results differ too much from those of the first one."""
    failed: tuple[str, ...] = ()
    """Candidates that could not be compiled."""

    def record(self) -> dict[str, Any]:
        """As it is written to `environment.json`: layout, precision and whether compiled, and the times."""
        return {
            **self.execution._asdict(),
            "milliseconds": self.milliseconds,
            "unsafe": list(self.unsafe),
            "failed": list(self.failed),
        }

    def __str__(self) -> str:
        """For a line of output: the choice, and what each candidate took."""
        if not self.milliseconds:
            return str(self.execution)
        notes = [
            ", ".join(f"{name} {round(ms, 1 if ms < 100 else None):,} ms" for name, ms in self.milliseconds.items())
        ]
        notes += [f"not accurate enough: {', '.join(self.unsafe)}"] * bool(self.unsafe)
        notes += [f"could not be compiled: {', '.join(self.failed)}"] * bool(self.failed)
        return f"{self.execution} ({'; '.join(notes)})"


def choose(
    tried: Sequence[Execution],
    run: Callable[[Execution], Sequence[Tensor]],
    device: torch.device | None = None,
    prepare: Callable[[Execution], Any] = lambda _: None,
) -> Choice:
    """Time the candidates in turns, and choose the fastest whose results are close to those of the first.

    Args:
        tried: the candidates, at least one. A single one is not run.
        run: makes one pass, and returns the pictures (B, C, H, W) in [0, 1] that the network put out.
        device: where the network runs.
        prepare: brings the network into the candidate's form; its time does not count.

    Raises:
        Exception: a candidate could not be run; one that is compiled is left out instead.
    """
    if len(tried) == 1:
        return Choice(tried[0], {})
    began = time.perf_counter()
    expected, seconds = None, dict.fromkeys(tried, float("inf"))
    unsafe: list[Execution] = []
    failed: list[Execution] = []
    for execution in tried:  # a first pass makes buffers and picks kernels
        try:
            prepare(execution)
            pictures = [picture.detach().float().cpu() for picture in run(execution)]
        except Exception:  # of compilers, drivers and missing programs: whatever it is, the network runs without
            if not execution.compiled or all(each.compiled for each in tried):
                raise
            failed.append(execution)
            del seconds[execution]
            continue
        if expected is None:
            expected = pictures
        elif not _close(pictures, expected):
            unsafe.append(execution)
    for _ in range(ROUNDS):
        for execution in seconds:
            prepare(execution)
            seconds[execution] = min(seconds[execution], seconds_of(lambda execution=execution: run(execution), device))
        if time.perf_counter() - began > SECONDS:
            break
    best = next(iter(seconds))
    for execution in seconds:
        if execution not in unsafe and seconds[execution] < WORTHWHILE * seconds[best]:
            best = execution
    times = {str(execution): round(1000 * found, 3) for execution, found in seconds.items()}
    return Choice(best, times, tuple(map(str, unsafe)), tuple(map(str, failed)))


def _close(pictures: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
    errors = [(a - b).square().mean().sqrt() for a, b in zip(pictures, expected, strict=True)]
    return all(bool(error <= TOLERANCE) for error in errors)  # False for NaN
