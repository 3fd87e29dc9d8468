"""The charts of a search's report, as plotly figures: curves over the epochs.

Texts from a run folder are escaped, as plotly reads some HTML in them.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from ...errors import printable
from ...files.history import flat_numbers
from ...genotypes.drawing import palette
from ...genotypes.drawing.palette import BRANCH_COLOURS
from ..health import COLLAPSE, IDLE_DB, UNDECIDED

EACH_EPOCH = 60
"""Up to this many epochs, a curve has a point for each."""

KINDS = {"operations": "solid", "transitions": "dash", "ends": "dot"}
"""The line of each kind of choice."""

LEAST = {"least_cell": "solid", "least_operation": "dash"}
"""The line of the updates of the least updated cell and operation."""

LOSS_COLOURS = {"weights": BRANCH_COLOURS["upsample"], "architecture": BRANCH_COLOURS["fusion"]}

PSNR_COLOURS = {
    "input": palette.WIRE,
    "mixed": "#e69f00",
    "restricted": "#cc79a7",
    "stored": "#d55e00",
    "reestimated": "#0072b2",
    "batch": "#009e73",
    "iterations": "#0072b2",
}
"""The curves of PSNR in the order of the legend; `restricted` is what versions before the three statistics had, and
`iterations` what a training has."""

SHOWN = {"reestimated": "re-estimated", "iterations": "restored"}
"""Names in the history that people write in another way."""

Table = Sequence[Mapping[str, float]]
"""An epoch a row: its numbers, named by their paths in the record."""


class Curve(NamedTuple):
    """A curve over the epochs. The legend has one entry for the first word of the name, with a solid line."""

    name: str
    points: Mapping[float, float]
    """The value of each epoch."""
    colour: str
    dash: str = "solid"


class AlarmMark(NamedTuple):
    """An alarm in the alarms' chart."""

    epoch: float
    row: str
    branch: str
    text: str


def table_of(history: Iterable[Mapping[str, Any]]) -> Table:
    """All numbers of the records that have an epoch, in the order of the history."""
    rows = (dict(flat_numbers(record)) for record in history)
    return [row for row in rows if "epoch" in row]


def epoch_charts(table: Table, alarms: Sequence[AlarmMark]) -> dict[str, go.Figure]:
    """The charts over the epochs, by name; those for which there are no numbers are left out.

    Args:
        table: as `table_of` returns it.
        alarms: what the alarms' chart marks.
    """
    charts = {
        "losses": _chart(table, "loss", _curves(table, r"loss/(.+)", LOSS_COLOURS)),
        "psnr": _chart(table, "dB", _last_iteration(table)),
        "entropy": _chart(table, "entropy", _by_kind(table, "entropy", KINDS), UNDECIDED, from_zero=True),
        "worth": _chart(table, "dB", _curves(table, r"worth/(.+)", BRANCH_COLOURS), IDLE_DB),
        "coverage": _chart(table, "updates", _by_kind(table, "coverage", LEAST), from_zero=True),
        "skips": _chart(
            table, "of the kept edges", _curves(table, r"skips/(.+)", BRANCH_COLOURS), COLLAPSE, from_zero=True
        ),
        "changes": _chart(table, "layers and edges", _changes(table), from_zero=True),
        "alarms": _alarm_chart(table, alarms),
    }
    return {name: chart for name, chart in charts.items() if list(chart.select_traces())}


def figure(x_title: str, y_title: str) -> go.Figure:
    """An empty chart in the report's style."""
    axis = {"gridcolor": "#eeeeee", "linecolor": palette.GRID, "zeroline": False, "automargin": True}
    title = {"standoff": 6, "font": {"size": 12}}
    return go.Figure(
        layout={
            "template": None,
            "font": {"family": "system-ui, Helvetica, Arial, sans-serif", "size": 12, "color": palette.INK},
            "paper_bgcolor": palette.PAPER,
            "plot_bgcolor": palette.PAPER,
            "height": 260,
            "margin": {"l": 52, "r": 10, "t": 8, "b": 40},
            "hovermode": "x unified",
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
            "xaxis": {**axis, "title": {"text": x_title, **title}},
            "yaxis": {**axis, "title": {"text": y_title, **title}},
        }
    )


def _over_epochs(table: Table, y_title: str) -> go.Figure:
    """An empty chart over the epochs. Its first shape is the line that follows the slider."""
    chart = figure("epoch", y_title)
    epochs = [row["epoch"] for row in table] or [1]
    chart.update_xaxes(tickformat="d", range=[min(epochs) - 0.5, max(epochs) + 0.5])
    if len(table) <= 12:
        chart.update_xaxes(dtick=1)
    chart.add_vline(max(epochs), line={"color": palette.WIRE, "width": 1.5}, layer="below")
    return chart


def _chart(
    table: Table, y_title: str, curves: Sequence[Curve], mark: float | None = None, *, from_zero: bool = False
) -> go.Figure:
    """Curves over the epochs, and a dotted line at an alarm's threshold. The first shape follows the slider."""
    chart = _over_epochs(table, y_title)
    for curve in curves:
        chart.add_scatter(
            x=list(curve.points),
            y=list(curve.points.values()),
            name=plain(curve.name),
            mode="lines+markers" if len(curve.points) <= EACH_EPOCH else "lines",
            line={"color": curve.colour, "dash": curve.dash, "width": 1.8},
            marker={"size": 4},
            legendgroup=plain(curve.name.partition(" ")[0]),
            showlegend=curve.dash == "solid",
            hovertemplate="%{y:.4g}",
        )
    if from_zero:
        chart.update_yaxes(rangemode="tozero")
    if mark is not None:
        chart.add_hline(mark, line={"color": palette.FAINT_INK, "width": 1, "dash": "dot"})
    return chart


def _curves(table: Table, pattern: str, colours: Mapping[str, str]) -> list[Curve]:
    """A curve for each number whose name in the table matches; the pattern's group names it."""
    found: dict[str, dict[float, float]] = {}
    for row in table:
        for key, value in row.items():
            if match := re.fullmatch(pattern, key):
                found.setdefault(match[1], {})[row["epoch"]] = value
    return [Curve(name, points, colours.get(name, palette.INK)) for name, points in found.items()]


def _last_iteration(table: Table) -> list[Curve]:
    """The PSNR of the input, and of each way of restoring after the last iteration."""
    last: dict[str, Curve] = {}
    for curve in _curves(table, r"psnr/(.+)", {}):
        kind = curve.name.partition("/")[0]
        last[kind] = curve._replace(name=SHOWN.get(kind, kind), colour=PSNR_COLOURS.get(kind, palette.INK))
    return [last[kind] for kind in sorted(last, key=[*PSNR_COLOURS, *last].index)]


def _by_kind(table: Table, entry: str, dashes: Mapping[str, str]) -> list[Curve]:
    """A colour for each branch, a dash for each kind of number; the kind with the solid line goes without saying."""
    curves: list[Curve] = []
    for kind, dash in dashes.items():
        for curve in _curves(table, rf"{entry}/([^/]+)/{kind}", BRANCH_COLOURS):
            name = curve.name if dash == "solid" else f"{curve.name} {kind.replace('_', ' ')}"
            curves.append(curve._replace(name=name, dash=dash))
    return curves


def _changes(table: Table) -> list[Curve]:
    """The layers and edges of each branch that changed."""
    path, cell = (
        {curve.name: curve.points for curve in _curves(table, rf"changes/([^/]+)/{kind}", {})}
        for kind in ("path", "cell")
    )
    return [
        Curve(
            name,
            {epoch: count + cell.get(name, {}).get(epoch, 0) for epoch, count in points.items()},
            BRANCH_COLOURS.get(name, palette.INK),
        )
        for name, points in path.items()
    ]


def _alarm_chart(table: Table, alarms: Sequence[AlarmMark]) -> go.Figure:
    """A row for each alarm and branch, a mark for each epoch that raised it."""
    chart = _over_epochs(table, "")
    rows = list(dict.fromkeys(alarm.row for alarm in alarms))
    for row in rows:
        marks = [alarm for alarm in alarms if alarm.row == row]
        chart.add_scatter(
            x=[mark.epoch for mark in marks],
            y=[plain(row)] * len(marks),
            text=[plain(mark.text) for mark in marks],
            mode="markers",
            marker={"symbol": "square", "size": 7, "color": BRANCH_COLOURS.get(marks[0].branch, palette.INK)},
            hoverinfo="text",
        )
    chart.update_layout(showlegend=False, hovermode="closest", height=max(150, 60 + 24 * len(rows)))
    chart.update_yaxes(autorange="reversed", showgrid=True)
    return chart


def plain(text: str) -> str:
    """A text from outside as plotly shows it as it is."""
    return html.escape(printable(text))
