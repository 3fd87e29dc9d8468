"""`mfps restore`."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .config_file import ConfigFile


def restore(
    weights: Annotated[Path, typer.Argument(help="weights.safetensors, or the run folder that holds it.")],
    source: Annotated[Path, typer.Argument(help="Degraded, aligned face, or a folder of them.")],
    out: Annotated[Path, typer.Option(help="Folder for the restored PNG files; it overwrites nothing.")],
    iterations: Annotated[int | None, typer.Option(help="Passes over each face. [as trained]")] = None,
    size: o.Size = None,
    batch_size: Annotated[int, typer.Option(help="Faces at a time.")] = 8,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    priors_from: Annotated[
        str,
        typer.Option(help="clean (read from priors/ beside the photographs), or found on the fly: degraded, coarse."),
    ] = "clean",
    drop_prior: o.DropPrior = None,
    weights_dir: o.WeightsDir = None,
    parser: o.Parser = None,
    dictionary: o.Dictionary = None,
    config: ConfigFile = None,
) -> None:
    """Restore faces, with priors from priors/ beside them or found on the fly; without any, only iteration 0 runs."""
    from ..inference.restore import restore as run
    from ..priors.extractor import ExternalSources

    done = run(
        weights,
        source,
        out,
        o.console(),
        iterations=iterations,
        size=size,
        batch_size=batch_size,
        device=device,
        precision=precision,
        priors_from=priors_from,
        drop_prior=o.names(drop_prior),
        sources=ExternalSources(weights_dir, parser, dictionary),
    )
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
    typer.echo(f"faces     {done.files[0] if len(done.files) == 1 else out}")
