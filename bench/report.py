"""A benchmark's table."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..files.markdown import markdown_table, markdown_text
from .ways import Point

COLUMNS = (
    "network", "runs as", "px", "batch", "threads", "ms (least-most)", "CPU ms", "faces/s", "first ms", "peak MB",
    "GFLOP/s", "share",
)  # fmt: skip
"""Times are for a batch; the share is of the rate at which the machine computes its fastest convolution."""

POINT = slice(2, 5)
"""The columns that ways have in common which are compared with each other."""


def table_rows(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The cells of the table, one row for each way."""
    for row in report["measured"]:
        yield (
            row["network"],
            f"{row['runtime']} {row['runs_as']}".strip(),
            f"{row['size']}",
            f"{row['batch']}",
            f"{row['threads']}",
            f"{milliseconds(row['ms'])} ({milliseconds(row['ms_least'])}-{milliseconds(row['ms_most'])})",
            milliseconds(row["cpu_ms"]),
            f"{row['faces_per_second']:.3g}",
            milliseconds(row["first_ms"]),
            f"{row['peak_mb']:.0f}",
            f"{row['gflops_per_second']:.0f}",
            f"{row['share_of_machine']:.0%}",
        )


def grouped(report: Mapping[str, Any]) -> dict[str, list[tuple[str, ...]]]:
    """The rows without what they have in common, by that: size, batch size and threads."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in table_rows(report):
        together = str(Point(*map(int, row[POINT])))
        groups.setdefault(together, []).append((*row[: POINT.start], *row[POINT.stop :]))
    return groups


def facts(report: Mapping[str, Any]) -> str:
    """What the numbers hold for, as a sentence."""
    return (
        f"{report['device']}; torch {report['torch']}; medians of {report['rounds']} rounds in turns, after a first "
        "pass; times are for a whole batch"
    )


def table_markdown(report: Mapping[str, Any]) -> str:
    """The table as Markdown."""
    return "\n".join([markdown_text(facts(report)), "", *markdown_table(COLUMNS, table_rows(report))]) + "\n"


def face_ms(row: Mapping[str, Any]) -> float:
    """Milliseconds for one face in one of the ways of a report: the processor's where these count, else the clock's."""
    return row[row["counts"]] / row["batch"]


def milliseconds(ms: float) -> str:
    """A time with three digits, or as a whole number if it is longer."""
    return f"{ms:.0f}" if ms >= 100 else f"{ms:.3g}"
