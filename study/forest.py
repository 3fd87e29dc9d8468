"""Figures of a line for every interval: differences, comparisons with one arm, percentiles."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from ..errors import shortened
from ..genotypes.drawing import palette
from ..genotypes.drawing.chart import chart, lay_grid
from .arm_marks import COLOURS, MARKERS, MOST_LETTERS, markers_of


def differences_png(report: Mapping[str, Any]) -> bytes:
    """A line for every difference, grouped by the searched networks."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in report["differences"]:
        groups.setdefault(row["searched"], []).append(row)
    return _forest(report, groups, "rival", "rival", "PSNR of the searched networks less that of the others (dB)")


def compared_png(report: Mapping[str, Any]) -> bytes:
    """A line for every network but those of the arm that the plan compares with."""
    rows = report["compared"]
    return _forest(report, {"": rows}, "network", "arm", f"PSNR less that of {rows[0]['less']} (dB)")


def _forest(
    report: Mapping[str, Any], groups: Mapping[str, Sequence[Mapping[str, Any]]], named: str, arm: str, label: str
) -> bytes:
    """A line for every row of the groups; `named` and `arm` are the keys of a row's name and of its arm."""
    noise, markers = report["seed_noise"]["psnr"]["detectable"], markers_of(report)
    titles = [title for title in groups if title]
    with chart(7.6, 1.1 + 0.3 * (sum(map(len, groups.values())) + 1.6 * len(titles))) as (figure, content):
        axes = figure.add_subplot()
        if noise is not None:
            axes.axvspan(-noise, noise, color=palette.tint(palette.GRID, 0.55), lw=0)
        axes.axvline(0, color=palette.INK, lw=0.8)
        ticks, names, at = [], [], 0.0
        for title, rows in groups.items():
            if title:
                _group_title(axes, at, title)
                at += 1
            for row in rows:
                kind = row["kind"]
                marker = markers.get((kind, row[arm]), MARKERS[kind][0])
                _interval(axes, at, row["psnr"], COLOURS[kind], row["psnr"]["complete"], marker)
                ticks.append(at)
                names.append(row[named])
                at += 1
            at += 0.6 * bool(title)
        _finish_rows(axes, ticks, names, at)
        axes.set_xlabel(label, size=9, parse_math=False)
    return content.getvalue()


def percentiles_png(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A line for every searched network."""
    colour = COLOURS["search"]
    with chart(7.6, 1.1 + 0.34 * len(rows)) as (figure, content):
        axes = figure.add_subplot()
        axes.axvline(50, color=palette.INK, lw=0.8)
        for at, row in enumerate(rows):
            if row["of_its_cost"]:
                _interval(axes, at - 0.15, row["of_its_cost"], colour, True, "o")
            _interval(axes, at + 0.15, row["in_all"], palette.tint(colour, 0.5), False, "o")
        _finish_rows(axes, range(len(rows)), [row["network"] for row in rows], len(rows) - 0.5)
        axes.set_xlim(-2, 102)
        axes.set_xlabel("random networks that it is better than (%)")
    return content.getvalue()


def _interval(axes: Axes, at: float, estimate: Mapping[str, Any], colour: str, full: bool, marker: str) -> None:
    if estimate["interval"]:
        axes.plot(estimate["interval"], [at, at], color=colour, lw=1.8, solid_capstyle="butt")
    face = colour if full else palette.PAPER
    axes.plot([estimate["value"]], [at], marker, color=colour, ms=6, mfc=face, mew=1.4, clip_on=False, zorder=4)


def _group_title(axes: Axes, at: float, title: str) -> None:
    text = shortened(title, 2 * MOST_LETTERS)
    axes.annotate(
        text, (0, at), (4, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points", size=9,
        va="center", color=palette.INK, weight="bold", parse_math=False,
    )  # fmt: skip


def _finish_rows(axes: Axes, ticks: Sequence[float] | range, names: Sequence[str], end: float) -> None:
    axes.set_yticks(ticks, [shortened(name, MOST_LETTERS) for name in names], size=8, parse_math=False)
    axes.set_ylim(end - 0.1, -0.7)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    lay_grid(axes, "x")
    open_frame(axes)


def open_frame(axes: Axes) -> None:
    """Leave out a figure's frame but for the axis below."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
