"""A ranking as a picture: the supernet's score of each genotype over what its network reaches alone."""

import io
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...genotypes.drawing import palette
from ...genotypes.drawing.render_matplotlib import SETTINGS
from ...genotypes.drawing.scene import PNG_DPI


def ranking_png(report: Mapping[str, Any]) -> bytes:
    """Draw a ranking that was compared with networks trained alone; the same report makes the same bytes.

    Each point is a genotype, numbered by its rank on the supernet and coloured by its FLOPs.

    Args:
        report: see `ranking_report`.

    Returns:
        The PNG file's content.
    """
    rows = report["genotypes"]
    alone, supernet = ([row[key] for row in rows] for key in ("psnr", "supernet_psnr"))
    (judged, *_) = report["against"]["agreement"]
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)  # pyright: ignore[reportCallIssue, reportArgumentType]
        figure = Figure(figsize=(6.4, 4.8), layout="constrained", facecolor=palette.PAPER)
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        points = axes.scatter(
            alone, supernet, c=[row["flops"] / 1e9 for row in rows], s=46, edgecolors=palette.INK, lw=0.6
        )
        for row, at in zip(rows, zip(alone, supernet, strict=True), strict=True):
            number = str(row["supernet_rank"])
            axes.annotate(number, at, (5, 4), textcoords="offset points", size=8, color=palette.INK)
        figure.colorbar(points, label="GFLOPs of a face")
        axes.set_xlabel("PSNR of the network trained alone (dB)")
        axes.set_ylabel("PSNR of the supernet restricted to it (dB)")
        tau = "none" if judged["tau"] is None else f"{judged['tau']:.2f}"
        axes.set_title(
            f"{judged['size']} genotypes, numbered by the supernet's rank; Kendall's tau {tau}",
            size=10,
            color=palette.INK,
        )
        axes.grid(color=palette.GRID, lw=0.6)
        axes.set_axisbelow(True)
        axes.ticklabel_format(useOffset=False)
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=PNG_DPI)
    return content.getvalue()
