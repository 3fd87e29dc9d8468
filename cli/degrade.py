"""`mfps degrade`."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .config_file import ConfigFile


def degrade(
    source: Annotated[Path, typer.Argument(help="Photograph, or folder of photographs.")],
    out: Annotated[Path, typer.Option(help="Folder for the degraded PNG files.")],
    degradation: Annotated[str, typer.Option(help="Preset or mix, as in `mfps search`.")] = "full",
    size: Annotated[int | None, typer.Option(help="Crop to a square and shrink to this side first.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the degradations.")] = 0,
    config: ConfigFile = None,
) -> None:
    """Degrade photographs, to see what a preset does or to keep a test set."""
    from ..degradation.folder import degradation_targets, degrade_files
    from ..engine.progress import track
    from ..files.atomic_folder import check_writable

    check_writable(out)
    pairs = degradation_targets(source, out)
    with track("degrade", len(pairs), o.console()) as tick:
        for _ in degrade_files(pairs, degradation, size, seed):
            tick()
    typer.echo(f"degraded  {len(pairs)} photographs in {out}")
