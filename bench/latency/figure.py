"""A table of latencies as a picture: predicted against measured times of random networks."""

import io

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...genotypes.drawing import palette
from ...genotypes.drawing.render_matplotlib import SETTINGS
from ...genotypes.drawing.scene import PNG_DPI
from ...nas.latency_table import LatencyTable
from .report import facts, quality

BAND = 0.1
"""Relative errors up to this are shaded."""


def latency_png(table: LatencyTable) -> bytes:
    """Draw the networks of a table's report: each a point, on the diagonal if its time was predicted exactly.

    Returns:
        The PNG file's content.
    """
    predicted = [one.predicted_ms for one in table.networks]
    measured = [one.measured_ms for one in table.networks]
    low, high = 0.85 * min(predicted + measured), 1.15 * max(predicted + measured)
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**SETTINGS, "axes.linewidth": 0.6, "font.size": 8})  # pyright: ignore[reportCallIssue, reportArgumentType]
        figure = Figure(figsize=(5.2, 5.2), layout="constrained", facecolor=palette.PAPER)
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        ends = [low, high]
        axes.fill_between(
            ends, [(1 - BAND) * x for x in ends], [(1 + BAND) * x for x in ends], color=palette.GRID, lw=0
        )
        axes.plot(ends, ends, color=palette.FAINT_INK, lw=0.8)
        axes.scatter(
            measured,
            predicted,
            s=22,
            color=palette.BRANCH_COLOURS["upsample"],
            edgecolors=palette.PAPER,
            lw=0.6,
            zorder=3,
        )
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(_ticks(low, high))
        axes.set(
            xlim=ends, ylim=ends, aspect="equal", xlabel="measured, ms", ylabel=f"predicted, ms (band: {BAND:.0%})"
        )
        axes.set_title(
            f"{quality(table)}\n{facts(table)}", size=8, color=palette.INK, loc="left", parse_math=False, wrap=True
        )
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=PNG_DPI)
    return content.getvalue()


def _ticks(low: float, high: float) -> list[float]:
    """Some round numbers between two others."""
    from matplotlib.ticker import MaxNLocator

    return [float(tick) for tick in MaxNLocator(6).tick_values(low, high) if low <= tick <= high]
