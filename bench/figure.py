"""A benchmark as a picture: the time of a face, in every way that was measured."""

from collections.abc import Mapping
from typing import Any

from ..genotypes.drawing import palette
from ..genotypes.drawing.chart import chart, lay_grid
from .report import milliseconds
from .ways import Point


def bench_png(report: Mapping[str, Any]) -> bytes:
    """Draw a benchmark: a bar for each way, as long as a face takes, and a thin line from its least to its most.

    Ways of one size, batch size and number of threads are one group, in the order in which they were measured; a
    network has the same colour in all of them.

    Args:
        report: see `measure.bench`.

    Returns:
        The PNG file's content.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in report["measured"]:
        groups.setdefault(str(Point(row["size"], row["batch"], row["threads"])), []).append(row)
    networks = list(dict.fromkeys(row["network"] for row in report["measured"]))
    colours = dict(zip(networks, [*palette.BRANCH_COLOURS.values()] * len(networks), strict=False))
    height = 0.9 + 0.28 * len(report["measured"]) + 0.42 * len(groups)
    with chart(8, height) as (figure, content):
        axes = figure.add_subplot()
        at, ticks, names = 0.0, [], []
        for title, rows in groups.items():
            axes.annotate(
                title,
                (0, at),
                (2, 0),
                textcoords="offset points",
                size=9,
                va="center",
                color=palette.INK,
                weight="bold",
                parse_math=False,
            )
            at += 1
            for row in rows:
                ms, least, most = (row[key] / row["batch"] for key in ("ms", "ms_least", "ms_most"))
                axes.barh(at, ms, height=0.72, color=palette.tint(colours[row["network"]], 0.75))
                axes.plot([least, most], [at, at], color=palette.INK, lw=1.2, solid_capstyle="butt")
                text = f"{milliseconds(ms)} ms, {row['share_of_machine']:.0%} of the machine"
                axes.annotate(
                    text,
                    (max(ms, most), at),
                    (5, 0),
                    textcoords="offset points",
                    size=8,
                    va="center",
                    color=palette.INK,
                )
                ticks.append(at)
                names.append(f"{row['network']}  {row['runtime']} {row['runs_as']}".strip())
                at += 1
            at += 0.5
        axes.set_yticks(ticks, names, size=8, parse_math=False)
        axes.set_ylim(at - 0.4, -0.7)
        axes.set_xlim(0, 1.5 * max(row["ms_most"] / row["batch"] for row in report["measured"]))
        axes.set_xlabel("time of a face (ms): median, least to most", size=9, color=palette.INK)
        axes.tick_params(axis="x", labelsize=8)
        axes.set_title(report["device"], size=10, color=palette.INK, loc="left", parse_math=False)
        lay_grid(axes, "x")
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return content.getvalue()
