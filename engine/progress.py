"""Progress of long work: a bar with numbers on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..errors import printable
from .terminal import say

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal, a line is written at most this often, and at the end."""

SECONDS_TO_MEASURE = 1.0
"""Nothing is said about speed before steps were measured for this long, or all are done."""


class Tick(Protocol):
    """Reports finished steps with some text to show beside them (loss, epoch)."""

    def __call__(self, text: str = "", at: int | None = None) -> None:
        """Count one step, or set the number of steps done in all; steps that end together are reported together."""
        ...


@contextmanager
def track(label: str, total: int, console: Console, done: int = 0) -> Iterator[Tick]:
    """Show the progress of `total` steps while the block runs; call the yielded function after each step.

    The speed and the time left are those of the steps after the first report, which comes late: files are opened and
    workers started before it.

    Args:
        label: what is being done.
        total: the number of steps.
        console: shows the progress.
        done: steps that an earlier run did.
    """
    pace = _Pace(total, done)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(printable(label), total=total, completed=done, text="")

            def advance(text: str = "", at: int | None = None) -> None:
                pace.count(at)
                progress.update(task, completed=pace.done, text=printable(" ".join(filter(None, (text, str(pace))))))

            yield advance
        return

    last_line = time.monotonic()

    def write_line(text: str = "", at: int | None = None) -> None:
        nonlocal last_line
        now = pace.count(at)
        if now - last_line >= SECONDS_BETWEEN_LINES or pace.done == total:
            last_line = now
            say(console, " ".join(filter(None, (f"{label}: {pace.done}/{total}", text, str(pace)))))

    yield write_line


class _Pace:
    """How many steps are done and how fast; as text, the speed and the time left, or nothing while they are unknown."""

    def __init__(self, total: int, done: int) -> None:
        self.total = total
        self.done = done
        self._began: float | None = None
        self._steps = 0
        self._seconds = 0.0

    def count(self, at: int | None) -> float:
        """Count a step, or go to step `at`, which may be an earlier one; returns the time."""
        before, self.done = self.done, self.done + 1 if at is None else at
        now = time.monotonic()
        if self._began is None:
            self._began = now
        else:
            self._steps += max(self.done - before, 0)
            self._seconds = now - self._began
        return now

    def __str__(self) -> str:
        if not self._steps or (self._seconds < SECONDS_TO_MEASURE and self.done < self.total):
            return ""
        each = max(self._seconds, 1e-9) / self._steps
        speed = f"{1 / each:.2f} steps/s" if each < 10 else f"{each:.0f} s a step"
        return f"{speed}, {timedelta(seconds=round(each * (self.total - self.done)))} left"
