"""A study's report as a page for a browser, and as Markdown."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..files.markdown import markdown_table, markdown_text
from ..nas.report.page import fill_page, page_resource
from .arm_marks import MOST_LETTERS
from .figures import FIGURES
from .sections import sections_of, summary

_NUMBER = re.compile(r"[-+\d.,\[\] *]*")


def study_html(report: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """One file with everything in it, which needs no network and has no script.

    Args:
        report: see `study_report`.
        figures: PNG content by name, see `figures_of`.
    """
    return fill_page(
        page_resource(str(__package__), "study_page.html"),
        plan=report["plan"],
        summary=summary(report),
        sections=[(section, [_classes(table.rows) for table in section.tables]) for section in sections_of(report)],
        figures={name: base64.b64encode(content).decode() for name, content in figures.items()},
        captions=FIGURES,
    )


def _classes(rows: Sequence[Sequence[str]]) -> list[str]:
    return [_class(column) for column in zip(*rows, strict=True)]


def _class(column: Sequence[str]) -> str:
    """`number`, for a column that is lined up on the right; `name`, for one not to be broken; or none."""
    if any(column) and all(_NUMBER.fullmatch(cell) or cell in ("missing", "none") for cell in column):
        return "number"
    return "name" if max(map(len, column)) <= MOST_LETTERS else ""


def study_markdown(report: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """The tables as Markdown, with the figures beside the file in `figures/`.

    Args:
        report: see `study_report`.
        figures: those that were drawn, by name.
    """
    lines = [f"# Study {markdown_text(report['plan'])}", ""]
    for section in sections_of(report):
        lines += [f"## {section.title}", "", *(f"- {markdown_text(note)}" for note in section.notes)]
        lines += [""] * bool(section.notes)
        for table in section.tables:
            lines += [*markdown_table(table.columns, table.rows), ""]
        if section.figure in figures:
            lines += [f"![{section.title}](figures/{section.figure}.png)", "", FIGURES[section.figure or ""], ""]
    return "\n".join(lines)
