"""A study's figures: quality over costs, differences, percentiles, hypervolumes, and the supernets' scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..errors import shortened
from ..genotypes.drawing import palette
from ..genotypes.drawing.chart import chart, lay_grid
from ..nas.ranking.figure import draw_ranking
from .arm_marks import COLOURS, MOST_LETTERS, markers_of
from .forest import compared_png, differences_png, open_frame, percentiles_png
from .learning_curves import learning_curves_png

FIGURES = {
    "quality": "Quality over cost. Bars: the least and the most of several seeds.",
    "differences": "PSNR of the searched networks less that of the others, with 95% intervals. Band: what seeds alone "
    "do to two networks trained once, in 95% of pairs. Hollow: the interval leaves out seeds or faces.",
    "compared": "PSNR less that of the arm that the plan compares with, with 95% intervals. Band: what seeds alone do "
    "to two networks trained once, in 95% of pairs. Hollow: the interval leaves out seeds or faces.",
    "learning_curves": "PSNR on the validation faces after every epoch: thin lines are single trainings, thick ones "
    "their means.",
    "percentiles": "Where each searched network stands among random ones. Full: of its cost; hollow: of any cost.",
    "hypervolume": "The hypervolume of as many random networks of the same costs, drawn 10,000 times; the line is that "
    "of the searched ones.",
    "supernets": "The score on the supernet over what the network reaches alone.",
}
"""Captions by the figure's name, in the order of the report."""

AXES = {
    "flops": ("GFLOPs of a face", 1e-9),
    "parameters": ("parameters (thousands)", 1e-3),
    "ms": ("milliseconds a face", 1.0),
}
"""The label of each cost, and what it is multiplied by."""

METRIC_LABELS = {"psnr": "PSNR (dB)", "ssim": "SSIM"}


def figures_of(report: Mapping[str, Any]) -> dict[str, bytes]:
    """Draw what there are numbers for; the same report makes the same bytes.

    Args:
        report: see `study_report`.

    Returns:
        The content of a PNG file by the figure's name, in the order of `FIGURES`.
    """
    fronts = [row for row in report["hypervolume"] if row["at_equal_cost"]]
    rankings = [row for row in report["rankings"] if row["agreement"]]
    drawn: dict[str, bytes] = {}
    if report["networks"]:
        drawn["quality"] = quality_png(report)
    if report["differences"]:
        drawn["differences"] = differences_png(report)
    if report["compared"]:
        drawn["compared"] = compared_png(report)
    if report["learning_curves"]:
        drawn["learning_curves"] = learning_curves_png(report["learning_curves"])
    if report["standings"]:
        drawn["percentiles"] = percentiles_png(report["standings"])
    if fronts:
        drawn["hypervolume"] = hypervolume_png(fronts)
    if rankings:
        drawn["supernets"] = supernets_png(rankings)
    return drawn


def quality_png(report: Mapping[str, Any]) -> bytes:
    """PSNR and SSIM over every cost that is known."""
    costs = [cost for cost in AXES if any(row[cost] is not None for row in report["networks"])]
    with chart(4.1 * len(costs), 7.4) as (figure, content):
        grid = figure.subplots(2, len(costs), squeeze=False, sharex="col", sharey="row")
        for axes_row, metric in zip(grid, METRIC_LABELS, strict=True):
            for axes, cost in zip(axes_row, costs, strict=True):
                _draw_quality(axes, report, cost, metric)
            axes_row[0].set_ylabel(METRIC_LABELS[metric])
        for axes, cost in zip(grid[1], costs, strict=True):
            axes.set_xlabel(AXES[cost][0])
        handles, labels = grid[0][0].get_legend_handles_labels()
        legend = figure.legend(handles, labels, loc="outside upper center", ncols=6, frameon=False, fontsize=8)
        for text in legend.get_texts():
            text.set_parse_math(False)
    return content.getvalue()


def _draw_quality(axes: Axes, report: Mapping[str, Any], cost: str, metric: str) -> None:
    factor = AXES[cost][1]
    for curve in report["curves"]:
        if (curve["cost"], curve["metric"]) == (cost, metric):
            at, width = [factor * each for each in curve["at"]], 1.96 * curve["scatter"]
            low, high = ([each + side * width for each in curve["trend"]] for side in (-1, 1))
            axes.fill_between(at, low, high, color=palette.tint(palette.GRID, 0.5), lw=0, zorder=1)
            axes.plot(at, curve["trend"], color=palette.WIRE, lw=1.2, zorder=2)
    for (kind, arm), marker in markers_of(report).items():
        rows = [row for row in report["networks"] if (row["kind"], row["arm"]) == (kind, arm) and row[cost] is not None]
        x, y = [factor * row[cost] for row in rows], [row[metric]["value"] for row in rows]
        spread = [[max(each - min(row[f"{metric}_of_seeds"]), 0) for row, each in zip(rows, y, strict=True)]]
        spread += [[max(max(row[f"{metric}_of_seeds"]) - each, 0) for row, each in zip(rows, y, strict=True)]]
        axes.errorbar(
            x, y, spread, fmt=marker, color=COLOURS[kind], ecolor=palette.INK, elinewidth=1, capsize=2,
            ms=4.5 if kind == "random" else 6.5, mec=palette.PAPER, mew=0.6, label=shortened(arm, MOST_LETTERS),
            zorder=3 if kind == "random" else 4,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.tick_params(labelsize=8)
    lay_grid(axes)


def hypervolume_png(fronts: Sequence[Mapping[str, Any]]) -> bytes:
    """A histogram of random draws for every front."""
    with chart(7.6, 0.5 + 1.7 * len(fronts)) as (figure, content):
        grid = figure.subplots(len(fronts), 1, squeeze=False)[:, 0]
        for axes, row in zip(grid, fronts, strict=True):
            volume = row["at_equal_cost"]
            axes.stairs(volume["counts"], volume["edges"], fill=True, color=COLOURS["random"])
            axes.axvline(volume["value"], color=COLOURS["search"], lw=2)
            name, place = shortened(row["name"], 2 * MOST_LETTERS), f"percentile {volume['percentile']:.0f}"
            title = f"{name}: {volume['size']} networks, {place}"
            axes.set_title(title, size=9, loc="left", color=palette.INK, parse_math=False)
            axes.set_ylabel("draws", size=8)
            axes.tick_params(labelsize=8)
            axes.ticklabel_format(axis="x", useOffset=False)
            lay_grid(axes, "x")
            open_frame(axes)
        grid[-1].set_xlabel("hypervolume (dB x decades of FLOPs)")
    return content.getvalue()


def supernets_png(rankings: Sequence[Mapping[str, Any]]) -> bytes:
    """A scatter for every supernet."""
    columns = min(len(rankings), 3)
    lines = -(-len(rankings) // columns)
    with chart(0.8 + 4.2 * columns, 4.0 * lines) as (figure, content):
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        costs = [row["flops"] / 1e9 for ranking in rankings for row in ranking["networks"]]
        drawn = [draw_ranking(axes, one["networks"], False) for axes, one in zip(grid, rankings, strict=False)]
        for points in drawn:
            points.set_clim(min(costs), max(costs))
        for axes, ranking in zip(grid, rankings, strict=False):
            tau = ranking["agreement"][0]["tau"]
            title = f"{shortened(ranking['search'], MOST_LETTERS)}: tau {'none' if tau is None else f'{tau:.2f}'}"
            axes.set_title(title, size=9, color=palette.INK, parse_math=False)
            axes.tick_params(labelsize=8)
        for axes in grid[len(rankings) :]:
            axes.set_axis_off()
        figure.colorbar(drawn[0], ax=grid.tolist(), label="GFLOPs of a face")
    return content.getvalue()
