"""A part of a study's report as texts and tables, whatever page it stands on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..inference.estimate_text import estimate_text


class Table(NamedTuple):
    """Rows of any texts below titles."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


class Section(NamedTuple):
    """A part of the report."""

    title: str
    notes: Sequence[str]
    """What a reader must know to read it, one line each; or what is missing."""
    tables: Sequence[Table] = ()
    figure: str | None = None
    """Name of the figure that belongs to it, if that was drawn."""


def with_interval(row: Mapping[str, Any], key: str, digits: int, sign: str = "") -> str:
    """A value of a row and the row's interval as text.

    Args:
        row: of a report.
        key: of the value.
        digits: after the decimal point.
        sign: see `estimate_text`.
    """
    return estimate_text(row[key], row["interval"], digits, sign)
