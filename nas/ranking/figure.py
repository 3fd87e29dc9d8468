"""A ranking as a picture: the supernet's score of each genotype over what its network reaches alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from ...genotypes.drawing import palette
from ...genotypes.drawing.chart import chart, lay_grid


def ranking_png(report: Mapping[str, Any]) -> bytes:
    """Draw a ranking that was compared with networks trained alone; the same report makes the same bytes.

    Each point is a genotype, numbered by its rank on the supernet.

    Args:
        report: see `ranking_report`.

    Returns:
        The PNG file's content.
    """
    (judged, *_) = report["against"]["agreement"]
    with chart(6.4, 4.8) as (figure, content):
        axes = figure.add_subplot()
        points = draw_ranking(axes, report["genotypes"])
        figure.colorbar(points, label="GFLOPs of a face")
        tau = "none" if judged["tau"] is None else f"{judged['tau']:.2f}"
        axes.set_title(
            f"{judged['size']} genotypes, numbered by the supernet's rank; Kendall's tau {tau}",
            size=10,
            color=palette.INK,
        )
    return content.getvalue()


def draw_ranking(axes: Axes, rows: Sequence[Mapping[str, Any]], numbered: bool = True) -> PathCollection:
    """Draw genotypes as points, coloured by their FLOPs.

    Args:
        axes: where.
        rows: the genotypes, each with `psnr`, `supernet_psnr`, `supernet_rank` and `flops`.
        numbered: write each one's rank on the supernet beside it.

    Returns:
        The points, for a colour bar.
    """
    alone, supernet = ([row[key] for row in rows] for key in ("psnr", "supernet_psnr"))
    points = axes.scatter(alone, supernet, c=[row["flops"] / 1e9 for row in rows], s=46, edgecolors=palette.INK, lw=0.6)
    for row, at in zip(rows if numbered else (), zip(alone, supernet, strict=True), strict=numbered):
        number = str(row["supernet_rank"])
        axes.annotate(number, at, (5, 4), textcoords="offset points", size=8, color=palette.INK)
    axes.set_xlabel("PSNR of the network trained alone (dB)")
    axes.set_ylabel("PSNR of the supernet restricted to it (dB)")
    lay_grid(axes)
    axes.ticklabel_format(useOffset=False)
    return points
