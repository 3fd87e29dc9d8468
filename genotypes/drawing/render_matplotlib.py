"""Draw a scene with matplotlib: SVG, PNG or PDF bytes, the same for the same scene."""

import io
import warnings

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from . import palette
from .scene import PNG_DPI, Box, Curve, Scene, Text

SETTINGS = {
    "svg.hashsalt": "mfps",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    # DejaVu comes with matplotlib; a viewer of an SVG that does not have it uses its own sans-serif font.
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "path.simplify": False,
}
"""Settings that decide the bytes, whatever the user's own are."""

UNDATED = {"svg": {"Date": None, "Creator": "mfps"}, "pdf": {"CreationDate": None, "Creator": "mfps"}, "png": {}}
"""Metadata without a time stamp."""


def render_matplotlib(scene: Scene, file_format: str) -> bytes:
    """Draw a scene.

    Args:
        scene: what to draw.
        file_format: `svg`, `png` or `pdf`.

    Returns:
        The file's content.
    """
    with mpl.rc_context(), warnings.catch_warnings():
        # A title may be in a script that DejaVu lacks. An SVG keeps it as text; a PNG shows boxes.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)  # pyright: ignore[reportCallIssue, reportArgumentType]
        figure = Figure(figsize=(scene.width / 72, scene.height / 72), dpi=72, facecolor=palette.PAPER)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, scene.width), ylim=(0, scene.height))
        axes.set_axis_off()
        for curve in scene.curves:
            _draw_curve(axes, curve)
        for box in scene.boxes:
            _draw_box(axes, box)
        for text in scene.texts:
            _draw_text(axes, text)
        content = io.BytesIO()
        figure.savefig(content, format=file_format, dpi=PNG_DPI, metadata=UNDATED[file_format], facecolor=palette.PAPER)
    return content.getvalue()


def _draw_curve(axes: Axes, curve: Curve) -> None:
    path = Path(curve.points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    style = "-|>,head_length=0.45,head_width=0.22" if curve.arrow else "-"
    axes.add_patch(
        FancyArrowPatch(
            path=path,
            arrowstyle=style,
            mutation_scale=10,
            linewidth=curve.width,
            linestyle=(0, (3, 1.8)) if curve.dashed else "solid",
            color=curve.colour,
            capstyle="butt" if curve.dashed else "round",
            zorder=1,
        )
    )


def _draw_box(axes: Axes, box: Box) -> None:
    style = {"facecolor": box.fill, "edgecolor": box.outline, "linewidth": 0.9, "zorder": 2}
    if box.shape == "circle":
        axes.add_patch(Circle(box.centre, box.width / 2, **style))
    else:
        rounding = min(3.0, box.width / 3)
        corner = box.centre.x - box.width / 2, box.centre.y - box.height / 2
        frame = f"round,pad=0,rounding_size={rounding}"
        axes.add_patch(FancyBboxPatch(corner, box.width, box.height, boxstyle=frame, mutation_aspect=1, **style))
    if box.text:
        _draw_text(axes, Text(box.centre, box.text, box.text_size, box.text_colour))


def _draw_text(axes: Axes, text: Text) -> None:
    backing = {"boxstyle": "square,pad=0.12", "facecolor": palette.PAPER, "edgecolor": "none"} if text.backed else None
    axes.text(
        text.at.x,
        text.at.y,
        text.text,
        size=text.size,
        color=text.colour,
        weight="bold" if text.bold else "normal",
        ha="center" if text.align == "centre" else text.align,
        va="center_baseline",
        bbox=backing,
        zorder=3,
        parse_math=False,
    )
