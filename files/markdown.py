"""Texts from outside in Markdown pages that mfps writes: there they mean themselves, and no heading, link or column."""

import re
from collections.abc import Iterable, Sequence

from ..errors import printable

# A backslash before any of these makes it plain. An underscore between letters is plain anyway.
_SPECIAL = re.compile(r"[\\`*{}\[\]<>#|&~!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# At the start of a line these begin an item of a list, or underline a heading.
_BLOCK = re.compile(r"^(\d*)([-+.)](?= |$)|[-=](?=[-= ]*$))")
_OUTER_SPACE = re.compile(r"^ +| +$")


def markdown_text(text: str) -> str:
    """A text as Markdown that shows it as it is, in one line, in a table's cell too.

    Args:
        text: any text; line breaks and control characters are escaped as in messages.
    """
    plain = _BLOCK.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", printable(text)))
    return _OUTER_SPACE.sub(lambda spaces: "&#32;" * len(spaces[0]), plain)


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table.

    Args:
        titles: of the columns.
        rows: any texts, one for each column.
    """
    lines = [f"| {' | '.join(map(markdown_text, titles))} |", f"|{'---|' * len(titles)}"]
    return lines + [f"| {' | '.join(map(markdown_text, row))} |" for row in rows]
