"""A drawing as data: boxes, curves and texts with their places, in points (1/72 inch), y upwards.

It separates a genotype from its renderers: all draw the same scene, so all make the same figure. A `title` is shown
while the pointer rests on something, by the renderer that makes such drawings (`render_svg`).
"""

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from . import palette

CHARACTER_WIDTH = 0.6
"""Width of an average character of a wide sans-serif face, as a share of the font size; it reserves room for labels."""

BOLD_WIDENING = 1.2
"""How much wider bold characters are."""


class Point(NamedTuple):
    """A place on the sheet, in points."""

    x: float
    y: float


PNG_DPI = 200
"""Pixels per inch of a PNG."""


@dataclass(frozen=True)
class Box:
    """A filled shape with an optional word in it; `key` is unique in the scene, curves refer to it."""

    key: str
    centre: Point
    width: float
    height: float
    fill: str
    outline: str
    shape: Literal["circle", "box"] = "box"
    text: str = ""
    text_colour: str = palette.INK
    text_size: float = 7.5
    title: str = ""


@dataclass(frozen=True)
class Curve:
    """A cubic Bezier curve between two boxes, `points` being its start, two controls and its end."""

    source: str
    target: str
    points: tuple[Point, Point, Point, Point]
    colour: str
    width: float
    dashed: bool = False
    arrow: bool = False
    title: str = ""

    def at(self, t: float) -> Point:
        """The point at parameter `t` in [0, 1]."""
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        return Point(*(sum(w * p[axis] for w, p in zip(weights, self.points, strict=True)) for axis in (0, 1)))


@dataclass(frozen=True)
class Text:
    """One line of text; `at` is its middle vertically and its `align` horizontally. `backed` puts paper behind it."""

    at: Point
    text: str
    size: float
    colour: str = palette.INK
    align: Literal["left", "centre", "right"] = "centre"
    bold: bool = False
    backed: bool = False
    title: str = ""

    @property
    def width(self) -> float:
        """Its width in points, estimated without a font."""
        return len(self.text) * self.size * CHARACTER_WIDTH * (BOLD_WIDENING if self.bold else 1)


@dataclass
class Scene:
    """A sheet: curves lie below boxes, boxes below texts, each in the order of its list.

    Attributes:
        width: the sheet's width.
        height: the sheet's height.
        boxes: the shapes.
        curves: the lines between them.
        texts: the words beside them.
    """

    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


def line(start: Point, end: Point) -> tuple[Point, Point, Point, Point]:
    """A straight line as a Bezier curve."""
    return start, _between(start, end, 1 / 3), _between(start, end, 2 / 3), end


def bow(start: Point, end: Point, bulge: float) -> tuple[Point, Point, Point, Point]:
    """An arc that leaves the straight line by `bulge` points, to the left as seen from `start`."""
    length = math.dist(start, end)
    # A cubic with both controls off by d is off by 3/4 d in its middle.
    across, up = -(end.y - start.y) / length * bulge * 4 / 3, (end.x - start.x) / length * bulge * 4 / 3
    first, second = _between(start, end, 0.25), _between(start, end, 0.75)
    return start, Point(first.x + across, first.y + up), Point(second.x + across, second.y + up), end


def swing(start: Point, end: Point) -> tuple[Point, Point, Point, Point]:
    """An S-shaped curve that leaves and arrives horizontally."""
    middle = (start.x + end.x) / 2
    return start, Point(middle, start.y), Point(middle, end.y), end


def towards(start: Point, end: Point, distance: float) -> Point:
    """The point `distance` points from `start` on the way to `end`."""
    return _between(start, end, distance / math.dist(start, end))


def _between(start: Point, end: Point, share: float) -> Point:
    return Point(start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)
