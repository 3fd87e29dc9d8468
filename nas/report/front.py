"""The front in a search's report, as a plotly figure: quality over cost."""

import plotly.graph_objects as go

from ...genotypes.drawing import palette
from .charts import figure, plain
from .run_files import Evaluated, Front, Member

SYMBOLS = ("diamond", "square", "triangle-up", "cross", "star", "hexagon")
"""Of the baselines, in turn."""

COSTS = {"flops": "GFLOPs", "parameters": "parameters, M"}
"""The axis of each cost that a front can weigh against quality."""


def front_chart(front: Front) -> go.Figure:
    """The front before everything that was evaluated, with the baselines and the budget.

    A point of the front has its number as `customdata`.
    """

    def cost(entry: Evaluated | Member) -> float:
        return entry.gflops if front.cost == "flops" else entry.parameters / 1e6

    points = {"mode": "markers", "hoverinfo": "text"}
    chart = figure(COSTS[front.cost], "PSNR, dB")
    chart.add_scatter(
        x=[cost(each) for each in front.evaluated],
        y=[each.psnr for each in front.evaluated],
        text=[f"genotype {plain(each.name[:8])}: {entry_text(each)}" for each in front.evaluated],
        name="evaluated",
        marker={"color": palette.GRID, "size": 5},
        **points,
    )
    for each, symbol in zip(front.baselines, SYMBOLS * len(front.baselines), strict=False):
        name, marker = plain(each.name), {"color": palette.FAINT_INK, "size": 9, "symbol": symbol}
        chart.add_scatter(
            x=[cost(each)], y=[each.psnr], text=[f"{name}: {entry_text(each)}"], name=name, marker=marker, **points
        )
    chart.add_scatter(
        x=[cost(member) for member in front.members],
        y=[member.psnr for member in front.members],
        text=[f"{each.number}: {entry_text(each)}<br>{plain(each.origin)}" for each in front.members],
        customdata=[member.number for member in front.members],
        name="front",
        mode="lines+markers",
        hoverinfo="text",
        line={"color": palette.BRANCH_COLOURS["upsample"], "width": 1.5, "shape": "hv"},
        marker={"color": palette.BRANCH_COLOURS["upsample"], "size": 9},
    )
    scale = 1 if front.cost == "flops" else 1e6
    for bound in ("min", "max"):
        limit = front.budget.get(f"{bound}_{'gflops' if front.cost == 'flops' else 'parameters'}")
        if isinstance(limit, int | float):
            chart.add_vline(limit / scale, line={"color": palette.FAINT_INK, "width": 1, "dash": "dot"})
    chart.update_layout(hovermode="closest", height=380)
    return chart


def entry_text(entry: Evaluated | Member) -> str:
    """The quality and the cost of a genotype, with its time if that is known."""
    cost = f"{entry.gflops:.3g} GFLOPs \u00b7 {entry.parameters / 1e6:.3g} M parameters"
    parts = [f"{entry.psnr:.3f} dB", cost]
    if isinstance(entry, Member) and entry.ms is not None:
        measured = "" if entry.measured_ms is None else f" (measured {entry.measured_ms:.3g})"
        parts.append(f"{entry.ms:.3g} ms{measured}")
    return " \u00b7 ".join(parts)
