"""`mfps bench`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from . import options as o

if TYPE_CHECKING:
    from ..bench.config import BenchConfig


def model() -> "type[BenchConfig]":
    """The command's fields."""
    from ..bench.config import BenchConfig

    return BenchConfig


def bench(config: "BenchConfig") -> None:
    """Measure how fast networks run, and in how much memory: side by side, in turns, as a table, JSON and a plot."""
    from ..bench.measure import bench as run
    from ..bench.report import facts, grouped
    from ..engine.terminal import show_table

    console = o.console()
    report = run(config, console)
    for together, rows in grouped(report).items():
        o.report(together)
        show_table(console, _table(rows))
    o.report(f"machine   {facts(report)}")
    if config.out is not None:
        o.report(f"report    {config.out / 'bench.json'}")
        o.report(f"table     {config.out / 'bench.md'}")
        o.report(f"picture   {config.out / 'bench.png'}")


def _table(rows: Sequence[Sequence[str]]) -> Table:
    """What fits a terminal: without the first pass and the rate, which the report has."""
    from ..bench.report import COLUMNS, POINT
    from ..engine.terminal import add_row

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    columns = (*COLUMNS[: POINT.start], *COLUMNS[POINT.stop :])
    shown = [i for i, column in enumerate(columns) if column not in ("first ms", "GFLOP/s")]
    for i in shown:
        number = i >= POINT.start
        heading = columns[i].replace(" (", "\n(")
        table.add_column(heading, justify="right" if number else "left", no_wrap=number, overflow="fold")
    for row in rows:
        add_row(table, *(row[i] for i in shown))
    return table
