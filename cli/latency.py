"""`mfps latency`: how long the parts of a search space take on a device."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from . import options as o
from .fields import Commands, add_command

if TYPE_CHECKING:
    from ..bench.latency.config import LatencyConfig
    from ..nas.latency_table import LatencyTable

app = typer.Typer(
    cls=Commands,
    help="Time the parts of a search space, for budgets in milliseconds.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def model() -> "type[LatencyConfig]":
    """The command's fields."""
    from ..bench.latency.config import LatencyConfig

    return LatencyConfig


def measure(config: "LatencyConfig") -> None:
    """Time every part of a search space on this machine, as `--latency` of a search or a selection takes it.

    The report compares predicted with measured times of random networks.
    """
    from ..bench.latency.measure import measure_latency

    table = measure_latency(config, o.console())
    _show(table)
    o.report(f"table     {config.out}")


@app.command()
def show(
    table: Annotated[Path, typer.Argument(help="Table of `mfps latency measure`.")],
    figure: Annotated[Path | None, typer.Option(help="Also draw predicted against measured, as a PNG file.")] = None,
) -> None:
    """Show what a table was measured with, and how well it predicts."""
    from ..nas.latency_table import read_latency_table

    read = read_latency_table(table)
    _show(read)
    if figure is not None:
        from ..bench.latency.figure import latency_png
        from ..files.atomic_file import write_atomically

        write_atomically(figure, latency_png(read))
        o.report(f"picture   {figure}")


def _show(table: "LatencyTable") -> None:
    from ..bench.latency.report import COLUMNS, facts, quality, rows
    from ..engine.terminal import add_row, show_table

    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, column in enumerate(COLUMNS):
        shown.add_column(column, justify="right" if i else "left")
    for row in rows(table):
        add_row(shown, *row)
    show_table(o.console(), shown)
    o.report(f"machine   {facts(table)}", f"parts     {len(table.parts)}", f"report    {quality(table)}")


add_command(app, measure, model)
