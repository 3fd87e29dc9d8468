"""Charts with axes, drawn with matplotlib to PNG bytes that follow from their numbers alone."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from . import palette
from .render_matplotlib import SETTINGS
from .scene import PNG_DPI


@contextmanager
def chart(width: float, height: float) -> Iterator[tuple[Figure, io.BytesIO]]:
    """An empty figure, and where its PNG file's content is when the block has ended.

    Neither the user's settings nor a name in a script that the font lacks have an influence.

    Args:
        width: in inches.
        height: in inches.
    """
    content = io.BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)  # pyright: ignore[reportCallIssue, reportArgumentType]
        figure = Figure(figsize=(width, height), layout="constrained", facecolor=palette.PAPER)
        FigureCanvasAgg(figure)
        yield figure, content
        figure.savefig(content, format="png", dpi=PNG_DPI)


def lay_grid(axes: Axes, only: str = "both") -> None:
    """Lay a pale grid below what is drawn.

    Args:
        axes: where.
        only: `x`, `y` or `both`.
    """
    axes.grid(axis=only, color=palette.GRID, lw=0.6)  # pyright: ignore[reportArgumentType]
    axes.set_axisbelow(True)
