"""Progress of long work: a bar with numbers on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal a line is written at most this often, and at the end."""


class Tick(Protocol):
    """Reports one finished step with some text to show beside it (loss, speed)."""

    def __call__(self, text: str = "") -> None:
        """Count one step."""
        ...


@contextmanager
def track(label: str, total: int, console: Console) -> Iterator[Tick]:
    """Show the progress of `total` steps while the block runs; call the yielded function after each step."""
    began = time.monotonic()
    done = 0

    def speed() -> str:
        return f"{done / max(time.monotonic() - began, 1e-9):.2f} steps/s"

    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(label, total=total, text="")

            def advance(text: str = "") -> None:
                nonlocal done
                done += 1
                progress.update(task, advance=1, text=f"{text} {speed()}".strip())

            yield advance
        return

    last_line = began

    def write_line(text: str = "") -> None:
        nonlocal done, last_line
        done += 1
        now = time.monotonic()
        if now - last_line >= SECONDS_BETWEEN_LINES or done == total:
            last_line = now
            left = (now - began) / done * (total - done)
            console.print(
                f"{label}: {done}/{total} {text} {speed()}, {left:.0f} s left", highlight=False, soft_wrap=True
            )

    yield write_line
