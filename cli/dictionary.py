"""`mfps dictionary`: build."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .config_file import ConfigFile

app = typer.Typer(name="dictionary", help="Facial dictionaries: build.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Facial dictionaries."""


@app.command()
def build(
    data: Annotated[Path, typer.Argument(help="Folder of aligned faces with priors/landmarks.json (`mfps prepare`).")],
    out: Annotated[Path, typer.Option(help="Dictionary file to write, .safetensors; it overwrites nothing.")],
    list_: Annotated[Path | None, typer.Option("--list", help="Names to learn from, one a line. [all]")] = None,
    entries: Annotated[int, typer.Option(help="Entries of each part.")] = 128,
    seed: Annotated[int, typer.Option(help="Seed of the clustering.")] = 0,
    weights_dir: o.WeightsDir = None,
    random_features: Annotated[
        bool, typer.Option("--random-features", help="A seeded random VGG19, for a trial without its weights.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    config: ConfigFile = None,
) -> None:
    """Cluster the eyes, noses and mouths of faces into a dictionary, with a picture of what its entries look like."""
    from ..priors.dictionary.build import build_dictionary

    picture = build_dictionary(
        data, out, o.console(), list_, entries, seed, weights_dir, random_features=random_features, device=device
    )
    typer.echo(f"dictionary  {out}")
    typer.echo(f"pictures    {picture}")
