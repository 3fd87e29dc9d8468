"""What several commands share: where they write, what they print, and names in a list."""

import shlex
import sys

import typer
from rich.console import Console


def console() -> Console:
    """Where commands write: standard output, as wide as it is."""
    return Console()


def names(given: str | None) -> tuple[str, ...]:
    """The names in a list with commas; none for none."""
    return tuple(name.strip() for name in (given or "").split(",") if name.strip() not in ("", "none"))


def process() -> int:
    """Number of this process among those of its run; 0 where it is the only one, or the run has not begun."""
    distributed = sys.modules.get("torch.distributed")  # without importing torch
    return distributed.get_rank() if distributed and distributed.is_initialized() else 0


def report(*lines: str) -> None:
    """Print what a run left; of several processes only the first does."""
    for line in lines if process() == 0 else ():
        typer.echo(line)


def written(**options: object) -> str:
    """Options as a command line has them, quoted where a shell needs it; those without a value are left out."""
    given = {f"--{name.replace('_', '-')}": str(value) for name, value in options.items() if value}
    return shlex.join(part for option in given.items() for part in option)
