"""`mfps evaluate`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from . import options as o
from .config_file import ConfigFile


def evaluate(
    weights: Annotated[Path, typer.Argument(help="weights.safetensors, or the run folder that holds it.")],
    data: Annotated[Path, typer.Option(help="Folder of clean faces, with the priors the network takes.")],
    out: Annotated[Path, typer.Option(help="Folder to make; it overwrites nothing.")],
    list_: Annotated[
        list[Path] | None, typer.Option("--list", help="List of names, a group of its own; repeatable. [all faces]")
    ] = None,
    degradation: Annotated[
        list[str] | None, typer.Option(help="Preset or mix, reported on its own; repeatable. [full]")
    ] = None,
    size: o.Size = None,
    batch_size: Annotated[int, typer.Option(help="Faces at a time.")] = 8,
    workers: Annotated[int, typer.Option(help="Processes that read and degrade photographs.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the degradations.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    priors_from: o.PriorsFrom = "clean",
    drop_prior: o.DropPrior = None,
    weights_dir: o.WeightsDir = None,
    parser: o.Parser = None,
    dictionary: o.Dictionary = None,
    shown: Annotated[int, typer.Option(help="Faces of each degradation on the comparison picture.")] = 6,
    save_images: Annotated[bool, typer.Option(help="Write every restored face to restored/.")] = False,
    config: ConfigFile = None,
) -> None:
    """Judge a network: PSNR and SSIM of input and iterations, a table, JSON and a comparison picture."""
    from ..inference.evaluate import evaluate as run
    from ..priors.extractor import ExternalSources

    console = o.console()
    report = run(
        weights,
        data,
        out,
        console,
        lists=list_ or [],
        degradations=degradation or ["full"],
        size=size,
        seed=seed,
        batch_size=batch_size,
        workers=workers,
        device=device,
        precision=precision,
        priors_from=priors_from,
        drop_prior=o.names(drop_prior),
        sources=ExternalSources(weights_dir, parser, dictionary),
        shown=shown,
        save_images=save_images,
    )
    console.print(report_table(report))
    typer.echo(f"priors    {report['convention']['priors']}")
    typer.echo(f"report    {out / 'evaluation.json'}")
    typer.echo(f"table     {out / 'evaluation.md'}")
    typer.echo(f"pictures  {out / 'comparison.png'}")


def report_table(report: dict[str, Any]) -> Table:
    """An evaluation as a table for the terminal."""
    from ..inference.evaluation_report import TABLE_COLUMNS, table_rows

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in TABLE_COLUMNS:
        numbers = column in ("faces", "PSNR (dB)", "SSIM", "gain of both")
        table.add_column(column, justify="right" if numbers else "left", no_wrap=numbers)
    shown: tuple[str, ...] = ()
    for row in table_rows(report):
        # What a row has in common with the one above is said once.
        again = row[:3] == shown
        table.add_row(*(("", "", "") if again else row[:3]), *row[3:])
        shown = row[:3]
    return table
