"""Progress of long work: a bar with numbers on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal, a line is written at most this often, and at the end."""


class Tick(Protocol):
    """Reports one finished step with some text to show beside it (loss, speed)."""

    def __call__(self, text: str = "", at: int | None = None) -> None:
        """Count one step, or set the number of steps done in all."""
        ...


@contextmanager
def track(label: str, total: int, console: Console, done: int = 0) -> Iterator[Tick]:
    """Show the progress of `total` steps while the block runs; call the yielded function after each step.

    Args:
        label: what is being done.
        total: the number of steps.
        console: shows the progress.
        done: steps that an earlier run did.
    """
    started = time.monotonic()
    here = 0

    def count(at: int | None) -> float:
        """Count a step of this process, and return the mean seconds per step."""
        nonlocal done, here
        done = done + 1 if at is None else at
        here += 1
        return max(time.monotonic() - started, 1e-9) / here

    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
            TextColumn("·"),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(label, total=total, completed=done, text="")

            def advance(text: str = "", at: int | None = None) -> None:
                speed = f"{1 / count(at):.2f} steps/s"
                progress.update(task, completed=done, text=f"{text} {speed}".strip())

            yield advance
        return

    last_line = started

    def write_line(text: str = "", at: int | None = None) -> None:
        nonlocal last_line
        seconds = count(at)
        now = time.monotonic()
        if now - last_line >= SECONDS_BETWEEN_LINES or done == total:
            last_line = now
            left = f"{timedelta(seconds=round(seconds * (total - done)))} left"
            console.print(
                f"{label}: {done}/{total} {text} {1 / seconds:.2f} steps/s, {left}", highlight=False, soft_wrap=True
            )

    yield write_line
