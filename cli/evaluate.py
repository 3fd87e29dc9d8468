"""`mfps evaluate`."""

from collections.abc import Sequence
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
    from ..inference.evaluation_tables import against_title

    console = o.console()
    report = run(config, console)
    show_table(console, report_table(report))
    for table in more_tables(report, console.width):
        show_table(console, table)
    if against := report.get("against"):
        o.report(f"against   {against_title(against)}")
        show_table(console, against_table(against))
    o.report(f"priors    {report['convention']['priors']}")
    o.report(f"report    {config.out / 'evaluation.json'}")
    o.report(f"table     {config.out / 'evaluation.md'}")
    o.report(f"faces     {config.out / 'faces.csv'}")
    o.report(f"pictures  {config.out / 'comparison.png'}")


NAMES = 3
"""Columns of `more_rows` that say what a row's numbers are of."""

LEAST_FOR_NAMES = 40
"""Width that is left for them; longer names are folded."""


def more_tables(report: dict[str, Any], width: int) -> list[Table]:
    """The metrics besides PSNR and SSIM as tables for a terminal of a width, beside each other while they fit."""
    from ..inference.evaluation_tables import more_columns, more_rows

    columns, rows = more_columns(report), more_rows(report)
    parts: list[list[int]] = []
    left = 0
    for place in range(NAMES, len(columns)):
        taken = max(len(line[place]) for line in (columns, *rows)) + 2
        if taken > left:
            parts.append([])
            left = width - LEAST_FOR_NAMES
        parts[-1].append(place)
        left -= taken
    return [_more_table(columns, rows, places) for places in parts]


def _more_table(columns: Sequence[str], rows: Sequence[Sequence[str]], places: Sequence[int]) -> Table:
    from ..engine.terminal import add_row

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place in (*range(NAMES), *places):
        justify = "right" if place >= NAMES else "left"
        table.add_column(columns[place], justify=justify, no_wrap=place >= NAMES - 1, overflow="fold")
    shown: Sequence[str] = ()
    for row in rows:
        repeated = row[:2] == shown
        add_row(table, *(("", "") if repeated else row[:2]), row[2], *(row[place] for place in places))
        shown = row[:2]
    return table


def against_table(against: dict[str, Any]) -> Table:
    """The comparison with an earlier evaluation as a table for the terminal."""
    from ..engine.terminal import add_row
    from ..inference.evaluation_tables import AGAINST_COLUMNS, against_rows

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, column in enumerate(AGAINST_COLUMNS):
        table.add_column(column, justify="right" if i > 1 else "left", no_wrap=i > 1, overflow="fold")
    for row in against_rows(against):
        add_row(table, *row)
    return table


def report_table(report: dict[str, Any]) -> Table:
    """An evaluation as a table for the terminal."""
    from ..engine.terminal import add_row
    from ..inference.evaluation_tables import TABLE_COLUMNS, table_rows

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
