"""`mfps restore`."""

from typing import TYPE_CHECKING

import typer

from . import options as o

if TYPE_CHECKING:
    from ..inference.config import RestoreConfig


def model() -> "type[RestoreConfig]":
    """The command's fields."""
    from ..inference.config import RestoreConfig

    return RestoreConfig


def restore(config: "RestoreConfig") -> None:
    """Restore faces, with priors from priors/ beside them or found on the fly; without priors only iteration 0 runs."""
    from ..inference.restore import restore as run

    done = run(config, o.console())
    if done.left_out:
        consequence = "stopped after iteration 0" if done.iterations == 1 else "zeros instead"
        typer.echo(f"note      without priors ({', '.join(done.left_out)}): {consequence}")
    if done.cropped:
        typer.echo(f"note      {done.cropped} not square: the middle of each was restored")
    if done.priors:
        typer.echo(f"priors    {done.priors}")
    passes = "1 iteration" if done.iterations == 1 else f"{done.iterations} iterations"
    faces = "1 face" if len(done.files) == 1 else f"{len(done.files)} faces"
    typer.echo(f"restored  {faces} at {done.size} px, {passes}")
    typer.echo(f"faces     {done.files[0] if len(done.files) == 1 else config.out}")
