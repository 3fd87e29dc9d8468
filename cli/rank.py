"""`mfps rank`."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from . import options as o

if TYPE_CHECKING:
    from ..nas.ranking.config import RankConfig


def model() -> "type[RankConfig]":
    """The command's fields."""
    from ..nas.ranking.config import RankConfig

    return RankConfig


def rank(config: "RankConfig") -> None:
    """Score genotypes on a search's supernet; with --against, how well that ranks their networks trained alone."""
    from ..engine.terminal import show_table
    from ..nas.ranking import report as report_of
    from ..nas.ranking.rank import rank as run

    console = o.console()
    report = run(config, console)
    show_table(console, _table(report_of.scored_columns(report), report_of.scored_rows(report)))
    if "against" in report:
        show_table(console, _table(report_of.AGREEMENT_COLUMNS, report_of.agreement_rows(report)))
        show_table(console, _table(report_of.CHOICE_COLUMNS, report_of.choice_rows(report)))
    o.report(*(f"note      {line}" for line in report_of.facts(report)))
    o.report(f"table     {config.out / 'ranking.csv'}")
    o.report(f"report    {config.out / 'ranking.md'}, {config.out / 'ranking.json'}")
    if "against" in report:
        o.report(f"picture   {config.out / 'ranking.png'}")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    from ..engine.terminal import add_row

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, column in enumerate(columns):
        table.add_column(column.replace(" (", "\n("), justify="right" if i else "left", no_wrap=i > 0, overflow="fold")
    for row in rows:
        add_row(table, *row)
    return table
