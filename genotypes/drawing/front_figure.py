"""Draw a front: quality over cost, what was evaluated behind it, and what it is compared with."""

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from ...errors import printable
from ...files.atomic_file import remove_leftovers, write_atomically
from ..evaluations import Evaluation
from ..front import Baseline, Front
from . import palette
from .render_matplotlib import SETTINGS, UNDATED
from .scene import PNG_DPI

INCHES = (7.2, 4.6)
LINE = palette.BRANCH_COLOURS["upsample"]
"""The colour of the front."""

BUDGET = "#d55e00"
"""The colour of the budget's limit."""


class _Look(NamedTuple):
    """How a kind of baseline is marked."""

    marker: str
    colour: str
    size: float


LOOKS = {
    "decoded": _Look("D", palette.BRANCH_COLOURS["fusion"], 34),
    "published": _Look("*", "#cc79a7", 90),
    "cheapest": _Look("v", "#009e73", 40),
    "random": _Look("x", palette.FAINT_INK, 30),
}
"""The marks of baselines by the first word of their names; another one looks like a random one."""

PLACES = tuple(
    (across * distance, up * distance)
    for distance in (8, 12, 18, 27)
    for across, up in ((0, 1), (-0.9, 0.8), (0, -1), (0.9, -0.8), (0.9, 0.8), (-0.9, -0.8), (-1.1, 0), (1.1, 0))
)
"""Where a label may stand, in points from its mark, the best place first."""

NEAR = 16
"""Of these places, those near enough for a number, which looks like that of another mark if it stands farther away."""


def draw_front(front: Front, evaluated: Sequence[Evaluation], out: Path) -> Path:
    """Draw a front; the same input makes the same bytes.

    A member's number is left out where the points stand too close for it.

    Args:
        front: what was selected.
        evaluated: all that was measured on its supernet.
        out: the file to write, .svg or .png.

    Returns:
        The file written.

    Raises:
        MfpsError: it cannot be written.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**SETTINGS, "axes.linewidth": 0.6, "font.size": 8})  # pyright: ignore[reportCallIssue, reportArgumentType]
        figure = Figure(figsize=INCHES, dpi=72, facecolor=palette.PAPER, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        _draw_points(axes, front, evaluated)
        _dress(axes, front, len(evaluated))
        canvas.draw()  # decides where everything is
        figure.set_layout_engine("none")
        _draw_labels(axes, front)
        content, kind = io.BytesIO(), out.suffix[1:]
        figure.savefig(content, format=kind, dpi=PNG_DPI, metadata=UNDATED[kind], facecolor=palette.PAPER)
    remove_leftovers(out)
    write_atomically(out, content.getvalue())
    return out


def _draw_points(axes: Axes, front: Front, evaluated: Sequence[Evaluation]) -> None:
    costs = [e.flops / 1e9 if front.cost == "flops" else e.parameters / 1e6 for e in evaluated]
    axes.scatter(costs, [e.psnr for e in evaluated], s=7, c=palette.GRID, linewidths=0, zorder=1, label="evaluated")
    places = [(front.cost_of(member), member.psnr) for member in front.members]
    axes.plot(*zip(*places, strict=True), color=LINE, linewidth=1.2, zorder=3, drawstyle="steps-post")
    axes.scatter(*zip(*places, strict=True), s=20, c=LINE, linewidths=0.6, edgecolors=palette.PAPER, zorder=4)
    for baseline in _measured(front):
        look = _look(baseline)
        place = front.cost_of(baseline), baseline.psnr
        edge = {} if look.marker == "x" else {"edgecolors": palette.PAPER}
        axes.scatter(*place, s=look.size, c=look.colour, marker=look.marker, linewidths=1.0, zorder=5, **edge)  # pyright: ignore[reportArgumentType]


def _dress(axes: Axes, front: Front, evaluated: int) -> None:
    """Axes, title, and the limits of the budget as far as they are near."""
    unit = "GFLOPs" if front.cost == "flops" else "million parameters"
    counted = front.counted
    passes = f"{counted.iterations} iteration{'s' * (counted.iterations > 1)}"
    size = f"one face of {counted.size} x {counted.size} pixels, {passes}"
    axes.set_xlabel(
        f"{unit} of the whole network ({size})" if front.cost == "flops" else f"{unit} of the whole network"
    )
    axes.set_ylabel("PSNR on the supernet (dB)")
    axes.set_title(f"{len(front.members)} of {evaluated:,} evaluated genotypes are on the front", loc="left", size=9)
    axes.grid(color=palette.GRID, linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(colors=palette.FAINT_INK, width=0.6, length=3)
    axes.ticklabel_format(useOffset=False)
    axes.margins(0.07, 0.1)
    for spine in ("top", "right"):
        axes.spines[spine].set_visible(False)
    low, high = axes.get_xlim()
    for limit in _limits(front):
        if low - (high - low) < limit < high + (high - low):
            axes.axvline(limit, color=BUDGET, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)


def _draw_labels(axes: Axes, front: Front) -> None:
    """Names of baselines, the budget and the members' numbers, in this order, each where nothing else stands."""
    marks = [(front.cost_of(entry), entry.psnr or 0.0) for entry in (*front.members, *_measured(front))]
    centres = axes.transData.transform(marks)
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in centres]
    corners = centres[: len(front.members)]
    for (x, y), (right, up) in pairwise(corners):
        taken += [Bbox.from_extents(x, y - 1, right, y + 1), Bbox.from_extents(right - 1, y, right + 1, up)]
    for limit in _limits(front):
        if axes.get_xlim()[0] <= limit <= axes.get_xlim()[1]:
            at = (limit, axes.get_ylim()[0])
            left = limit > sum(axes.get_xlim()) / 2
            label = _label(axes, "budget", at, BUDGET, ha="right" if left else "left")
            label.set_position((-4 if left else 4, 8))
            taken.append(_extent(label))
    for baseline in _measured(front):
        place = front.cost_of(baseline), baseline.psnr
        _place(axes, printable(baseline.name), place, _look(baseline).colour, taken, must=True)
    for member in sorted(front.members, key=lambda member: (member.number % 5 != 0, member.number)):
        _place(axes, str(member.number), (front.cost_of(member), member.psnr), LINE, taken, must=False)


def _place(
    axes: Axes, text: str, place: tuple[float, float | None], colour: str, taken: list[Bbox], *, must: bool
) -> None:
    """Write a label beside its mark; if every place is taken, where it overlaps least, or nowhere."""
    label, frame = _label(axes, text, place, colour), axes.bbox
    on_mark, pixels = _extent(label), axes.figure.dpi / 72
    places = PLACES if must else PLACES[:NEAR]
    shifts = [(across + _sign(across) * on_mark.width / pixels / 2, up) for across, up in places]
    boxes = [on_mark.translated(across * pixels, up * pixels) for across, up in shifts]
    outside = [
        box.x0 < frame.x0 or box.x1 > frame.x1 + 20 or box.y0 < frame.y0 or box.y1 > frame.y1 + 4 for box in boxes
    ]
    crowding = [
        sum(_shared(box, other) for other in taken) + 1e4 * out for box, out in zip(boxes, outside, strict=True)
    ]
    best = crowding.index(min(crowding))
    if crowding[best] and not must:
        label.remove()
        return
    label.set_position(shifts[best])
    taken.append(boxes[best])


def _label(axes: Axes, text: str, place: tuple[float, float | None], colour: str, ha: str = "center") -> Annotation:
    """A label on paper that dims what is behind it; it hides neither the front nor a mark."""
    label = axes.annotate(
        text,
        place,  # pyright: ignore[reportArgumentType]
        (0, 0),
        textcoords="offset points",
        color=colour,
        size=7.5,
        ha=ha,
        va="center",
        zorder=2.5,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": palette.PAPER, "edgecolor": "none", "alpha": 0.75},
    )
    label.set_parse_math(False)
    return label


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _extent(label: Annotation) -> Bbox:
    return label.get_window_extent().padded(1)


def _shared(one: Bbox, other: Bbox) -> float:
    both = Bbox.intersection(one, other)
    return both.width * both.height if both is not None else 0.0


def _limits(front: Front) -> list[float]:
    budget = front.budget
    found = (
        (budget.max_gflops, budget.min_gflops)
        if front.cost == "flops"
        else tuple(limit and limit / 1e6 for limit in (budget.max_parameters, budget.min_parameters))
    )
    return [limit for limit in found if limit is not None]


def _measured(front: Front) -> list[Baseline]:
    """The baselines that were measured."""
    return [baseline for baseline in front.baselines if baseline.psnr is not None]


def _look(baseline: Baseline) -> _Look:
    return LOOKS.get(baseline.name.split(" ")[0], LOOKS["random"])
