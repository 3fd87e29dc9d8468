"""Lines and tables for people, in which a text from outside stands as it is.

Rich takes brackets for styles and `:smile:` for a picture, and a terminal obeys control characters, whoever's name they
are in. All output but errors and help goes through here, so nothing in it has such a meaning.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import printable


def say(console: Console, line: str, style: str = "") -> None:
    """Print one line, however long it is.

    Args:
        console: where.
        line: any text; line breaks and control characters are escaped.
        style: how all of it looks on a terminal, such as `bold`.
    """
    console.print(Text(printable(line), style), soft_wrap=True)


def show_table(console: Console, table: Table) -> None:
    """Print a table whose rows were added by `add_row`."""
    console.print(table)


def add_row(table: Table, *cells: str | Sequence[str], end_section: bool = False) -> None:
    """Add a row of any texts to a table.

    Args:
        table: the table; its titles are not texts from outside.
        cells: a text, or several lines, for each column.
        end_section: draw a line below the row.
    """
    lines = ([cell] if isinstance(cell, str) else cell for cell in cells)
    table.add_row(*(Text("\n".join(map(printable, cell))) for cell in lines), end_section=end_section)
