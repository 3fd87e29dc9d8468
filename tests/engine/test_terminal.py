"""What is printed is the text that was given, on a terminal and in a pipe."""

import io
import re

import pytest
from hypothesis import given
from mfps.engine.terminal import add_row, say, show_table
from mfps.errors import printable
from rich.console import Console
from rich.table import Table

from ..hostile.bad_names import NAMES, TEXTS

STYLES = re.compile(r"\x1b\[[0-9;]*m")


def shown(terminal, show):
    """What a console shows, without its styles."""
    file = io.StringIO()
    show(Console(file=file, width=4000, force_terminal=terminal, color_system="truecolor" if terminal else None))
    return STYLES.sub("", file.getvalue())


def shows_as_it_is(text, terminal):
    assert shown(terminal, lambda console: say(console, text, "bold")) == f"{printable(text)}\n"
    table = Table("a", "b", box=None, pad_edge=False)
    add_row(table, "x", [text, "y"])
    lines = shown(terminal, lambda console: show_table(console, table)).splitlines()
    assert lines[1].removeprefix("x").strip() == printable(text).strip()
    assert len(lines) == 3


@pytest.mark.parametrize("terminal", [False, True])
def test_every_hostile_text_is_printed_as_it_is(terminal):
    for text in NAMES.values():
        shows_as_it_is(text, terminal)


@given(TEXTS)
def test_any_text_is_printed_as_it_is(text):
    shows_as_it_is(text, terminal=True)
