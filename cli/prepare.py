"""`mfps prepare`."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .config_file import ConfigFile


def prepare(
    photos: Annotated[Path, typer.Argument(help="Folder of photographs.")],
    out: Annotated[Path, typer.Argument(help="Folder of the data set; an unfinished one is gone on with.")],
    size: Annotated[int, typer.Option(help="Side of the faces in pixels, a multiple of 8.")] = 128,
    landmarks: Annotated[
        Path | None, typer.Option(help="File or folder with landmarks. [found by face-alignment]")
    ] = None,
    aligned: Annotated[
        bool, typer.Option("--aligned", help="Photographs are aligned faces and stay as they are.")
    ] = False,
    scheme: Annotated[
        str | None, typer.Option(help="Landmark scheme to store, where there is an exact conversion. [as they come]")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Folder with label maps or part masks. [found by the face parser]")
    ] = None,
    label_order: Annotated[
        str, typer.Option(help="Order of the classes in label maps: celebamask or bisenet.")
    ] = "celebamask",
    dictionary: o.Dictionary = None,
    parser: o.Parser = None,
    priors: Annotated[
        str, typer.Option(help="Priors to make: none, or any of parsing,heatmap,dictionary.")
    ] = "parsing,heatmap",
    made_from: Annotated[
        str, typer.Option(help="What the photographs are: clean, degraded or coarse; it is recorded.")
    ] = "clean",
    least_side: Annotated[
        int | None, typer.Option(help="Drop faces smaller than this in their photograph. [size]")
    ] = None,
    max_megapixels: Annotated[float, typer.Option(help="Drop larger photographs.")] = 30.0,
    val: Annotated[float, typer.Option(help="Share of the photographs for val.txt.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share of the photographs for test.txt.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the lists.")] = 0,
    weights_dir: o.WeightsDir = None,
    workers: Annotated[int, typer.Option(help="Processes that read and cut photographs.")] = 2,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    config_file: ConfigFile = None,
) -> None:
    """Turn photographs into a training set: faces found, aligned and cut, priors beside them, with a report."""
    from pydantic import ValidationError

    from ..errors import first_violation
    from ..prepare.config import PrepareConfig
    from ..prepare.prepare import prepare as run

    try:
        config = PrepareConfig(
            photos=photos,
            out=out,
            size=size,
            landmarks=landmarks,
            aligned=aligned,
            scheme=scheme,
            labels=labels,
            label_order=label_order,  # pyright: ignore[reportArgumentType] - checked there
            dictionary=dictionary,
            parser=parser,
            priors=o.names(priors),
            made_from=made_from,
            least_side=least_side,
            max_megapixels=max_megapixels,
            val=val,
            test=test,
            seed=seed,
            weights_dir=weights_dir,
            workers=workers,
            device=device,
        )
    except ValidationError as error:
        raise first_violation(error, "options") from None
    done = run(config, o.console())
    lost = sum(map(len, done.dropped.values()))
    typer.echo(f"kept      {len(done.faces)} faces, dropped {lost}")
    typer.echo(f"report    {out / 'report.md'}")
    typer.echo(f"pictures  {out / 'contact.png'}")
    val_list = out / "val.txt" if (out / "val.txt").exists() else None
    taken = o.written(data=out, list=out / "train.txt", val_list=val_list, priors=",".join(config.priors))
    typer.echo(f"next      mfps search {taken} --preset small --out ...")
