"""What several commands share: the console, the lines they print, and quick imports."""

import gc
import json
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from ..errors import printable


def console() -> Console:
    """The console of a command: standard output, at its full width; `engine.terminal` prints on it."""
    return Console()


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import large libraries in the block without looking for garbage, of which they make none; it saves a tenth."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def process() -> int:
    """Number of this process among those of its run; 0 if it is the only one, or the run has not started."""
    distributed = sys.modules.get("torch.distributed")  # without importing torch
    return distributed.get_rank() if distributed and distributed.is_initialized() else 0


def report(*lines: str) -> None:
    """Print what a command produced, each line as it is; with several processes only the first one prints."""
    for line in lines if process() == 0 else ():
        typer.echo(printable(line))


def report_json(value: object) -> None:
    """Print what a command found as JSON, in ASCII."""
    typer.echo(json.dumps(value, indent=1))


def written(**options: object) -> str:
    """Options as they are typed on a command line, quoted for a shell; those without a value are left out."""
    given = {f"--{name.replace('_', '-')}": value for name, value in options.items() if value}
    return " ".join(option if value is True else f"{option} {quoted(str(value))}" for option, value in given.items())


def quoted(word: str) -> str:
    """A word as it is typed in a shell; one that cannot be printed is written byte by byte, as bash and zsh read it."""
    if word.isprintable():
        return shlex.quote(word)
    parts = (c if c.isprintable() and c not in "\\'" else "".join(f"\\x{b:02x}" for b in os.fsencode(c)) for c in word)
    return f"$'{''.join(parts)}'"
