"""`mfps evaluate`."""

from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from . import options as o

if TYPE_CHECKING:
    from ..inference.config import EvaluateConfig


def model() -> "type[EvaluateConfig]":
    """The command's fields."""
    from ..inference.config import EvaluateConfig

    return EvaluateConfig


def evaluate(config: "EvaluateConfig") -> None:
    """Evaluate a network: PSNR, SSIM and others of the input and each iteration, as tables, JSON, CSV and a picture."""
    from ..engine.terminal import show_table
    from ..inference.evaluate import evaluate as run
    from ..inference.evaluation_report import against_title

    console = o.console()
    report = run(config, console)
    show_table(console, report_table(report))
    if "columns" in report:
        show_table(console, more_table(report))
    if against := report.get("against"):
        o.report(f"against   {against_title(against)}")
        show_table(console, against_table(against))
    o.report(f"priors    {report['convention']['priors']}")
    o.report(f"report    {config.out / 'evaluation.json'}")
    o.report(f"table     {config.out / 'evaluation.md'}")
    o.report(f"faces     {config.out / 'faces.csv'}")
    o.report(f"pictures  {config.out / 'comparison.png'}")


def more_table(report: dict[str, Any]) -> Table:
    """The metrics besides PSNR and SSIM as a table for the terminal."""
    from ..engine.terminal import add_row
    from ..inference.evaluation_report import more_columns, more_rows

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, column in enumerate(more_columns(report)):
        table.add_column(column, justify="right" if i > 2 else "left", overflow="fold")
    for row in more_rows(report):
        add_row(table, *row)
    return table


def against_table(against: dict[str, Any]) -> Table:
    """The comparison with an earlier evaluation as a table for the terminal."""
    from ..engine.terminal import add_row
    from ..inference.evaluation_report import AGAINST_COLUMNS, against_rows

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, column in enumerate(AGAINST_COLUMNS):
        table.add_column(column, justify="right" if i > 1 else "left", no_wrap=i > 1, overflow="fold")
    for row in against_rows(against):
        add_row(table, *row)
    return table


def report_table(report: dict[str, Any]) -> Table:
    """An evaluation as a table for the terminal."""
    from ..engine.terminal import add_row
    from ..inference.evaluation_report import TABLE_COLUMNS, table_rows

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in TABLE_COLUMNS:
        numbers = column in ("faces", "PSNR (dB)", "SSIM", "gain of both")
        table.add_column(column, justify="right" if numbers else "left", no_wrap=numbers, overflow="fold")
    shown: tuple[str, ...] = ()
    for row in table_rows(report):
        # Values that a row shares with the one above are not repeated.
        repeated = row[:3] == shown
        add_row(table, *(("", "", "") if repeated else row[:3]), *row[3:])
        shown = row[:3]
    return table
