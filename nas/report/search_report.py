"""A search as one page for a browser: `report.html` in its run folder, which needs no network and no server.

Everything that it shows comes from the files of the run folder. They may be a stranger's: the template escapes what it
fills in, and the page permits no script but its own two.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import plotly.graph_objects as go
from markupsafe import Markup
from plotly.io import to_json
from plotly.offline import get_plotlyjs

from ...errors import printable
from ...files.atomic_file import write_atomically
from .charts import epoch_charts, table_of
from .drawings import Drawings, epoch_drawings, front_drawings
from .front import entry_text, front_chart
from .page import fill_page, page_resource
from .run_files import RunFiles, read_run_files
from .texts import (
    Setting,
    alarm_marks,
    alarm_rows,
    budget_text,
    duration,
    epoch_text,
    progress,
    settings,
    verdict,
)

REPORT = "report.html"
"""The page's name in the run folder."""

CHARTS = {
    "psnr": (
        "PSNR",
        "Validation faces, last iteration: the input; restored by the supernet (mixed); and by the epoch's genotype, "
        "with the statistics of its batch norms as stored, re-estimated, or of the batch.",
    ),
    "losses": ("Losses", "The mean over the steps of each epoch."),
    "entropy": ("Entropy", "1: even odds, 0: decided. Solid: operations; dashed: moves; dotted: ends."),
    "worth": ("Worth", "The PSNR that is lost when a branch's features are set to zero."),
    "coverage": ("Coverage", "Updates of the least updated cell (solid) and operation (dashed)."),
    "skips": ("Skips", "The share of skips among the edges that a branch's cell keeps."),
    "changes": ("Changes", "Layers and edges that differ from the epoch before."),
    "alarms": ("Alarms", "The epochs that raised them; the table at the end has their remedies."),
}
"""The heading of each chart over the epochs and what it shows, in the order of the page."""


class Chart(NamedTuple):
    """A chart's place on the page."""

    id: str
    title: str
    note: str


class Place(NamedTuple):
    """A drawing's place on the page."""

    svg: Markup
    shows: str
    """The numbers of the epochs or members that it is of."""
    hidden: bool


def write_report(folder: Path) -> Path:
    """Write the report of a search, from what its run folder holds so far.

    The same files give the same bytes. What is missing is left out, and what is damaged is named.

    Args:
        folder: the run folder.

    Returns:
        The file written.

    Raises:
        MfpsError: it cannot be written.
    """
    write_atomically(folder / REPORT, report_page(read_run_files(folder)))
    return folder / REPORT


def report_page(files: RunFiles) -> str:
    """The report as HTML.

    Args:
        files: what the run folder holds.
    """
    history, front = files.history, files.front
    epochs = epoch_drawings(history, files.folder, files.config.get("operations"), files.backbones)
    members = front_drawings(files.members, files.backbones)
    figures = epoch_charts(table_of(history), alarm_marks(history))
    data, others = settings(
        {**files.config, **{k: v for k, v in (history or [{}])[-1].items() if k == "oracle_priors"}}
    )
    by_epoch = {record["epoch"]: record for record in history}
    opened = _opened(files, members)
    page_data = {
        "epochs": [number for number, _ in epochs.shown],
        "front": [number for number, _ in members.shown],
        "charts": _json({**figures, **({"quality": front_chart(front)} if front else {})}),
    }
    package = str(__package__)
    return fill_page(
        page_resource(package, "search_report.html"),
        [get_plotlyjs(), page_resource(package, "search_report.js")],
        name=printable(files.folder.absolute().name),
        verdict=verdict(files),
        progress=progress(files),
        problems=files.problems,
        epochs=_places(epochs, epochs.shown[-1][0] if epochs.shown else None),
        epoch_captions=[(number, epoch_text(by_epoch[number])) for number, _ in epochs.shown],
        left_out=len(history) - len(epochs.shown),
        charts=[Chart(name, *CHARTS[name]) for name in CHARTS if name in figures],
        alarms=alarm_rows(history),
        front=front,
        timed=front is not None and any(member.ms is not None for member in front.members),
        budget=budget_text(front.budget) if front else "",
        members=_places(members, opened),
        member_captions=[
            (member.number, f"{member.number}: {entry_text(member)}") for member in (front.members if front else [])
        ],
        opened=opened,
        drawn_members=page_data["front"],
        data=data,
        config=others,
        ledger=files.ledger,
        duration=duration,
        environment=[Setting(name, printable(_spelled(value)), False) for name, value in files.environment.items()],
        page_data=page_data,
    )


def _places(drawings: Drawings, opened: int | None) -> list[Place]:
    numbers = [[number for number, place in drawings.shown if place == i] for i in range(len(drawings.svgs))]
    return [
        Place(Markup(svg), " ".join(map(str, shown)), opened not in shown)
        for svg, shown in zip(drawings.svgs, numbers, strict=True)
    ]


def _opened(files: RunFiles, members: Drawings) -> int | None:
    """The member of the front whose drawing is seen first: the chosen one, else the dearest."""
    drawn = [number for number, _ in members.shown]
    chosen = files.genotype.hash if files.genotype else None
    found = [number for number in drawn if files.members[number].hash == chosen]
    return (found or drawn or [None])[-1]


def _spelled(value: object) -> str:
    """A value on one line; of an object its names and values, without those that are empty."""
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{name} {_spelled(each)}" for name, each in value.items() if each not in ({}, []))


def _json(figures: Mapping[str, go.Figure]) -> dict[str, Any]:
    # plotly's own choice of a JSON library, and so the bytes, would depend on what is installed.
    return {name: json.loads(str(to_json(figure, engine="json"))) for name, figure in figures.items()}
