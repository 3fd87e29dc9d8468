"""Draw a scene as an SVG element of a web page, in which the pointer shows titles.

A report holds dozens of drawings. Matplotlib needs a quarter of a second and 190 kB for one of five branches, Graphviz
a program that may be missing, and neither shows a title for a line without a second pass over its output.
"""

import html

from . import palette
from .scene import Box, Curve, Point, Scene, Text, line, towards

HEAD = (4.5, 1.7)
"""Length and half the width of an arrow's head, in points."""

REACH = 8.0
"""Width in points of the invisible band along a curve on which the pointer shows the curve's title."""

FONT = "system-ui,Helvetica,Arial,sans-serif"

ANCHORS = {"left": "start", "centre": "middle", "right": "end"}


def render_svg(scene: Scene, label: str) -> str:
    """Draw a scene.

    Args:
        scene: what to draw.
        label: what the drawing shows, any text, for readers who do not see it.

    Returns:
        An `svg` element without ids and styles, so that a page can hold many; it grows with its container.
    """
    curves = "".join(_curve(scene, curve) for curve in scene.curves)
    titled = [curve for curve in scene.curves if curve.title]
    bands = "".join(f'<path d="{_line(scene, curve)}">{_title(curve.title)}</path>' for curve in titled)
    boxes = "".join(_box(scene, box) for box in scene.boxes)
    texts = "".join(_text(scene, text) for text in scene.texts)
    return (
        f'<svg viewBox="0 0 {_number(scene.width)} {_number(scene.height)}" role="img" '
        f'aria-label="{html.escape(label)}" font-family="{FONT}" text-anchor="middle" dominant-baseline="central">'
        f'<g fill="none">{curves}<g stroke="#000" stroke-opacity="0" stroke-width="{REACH:g}">{bands}</g></g>'
        f"{boxes}{texts}</svg>"
    )


def _curve(scene: Scene, curve: Curve) -> str:
    dashes = ' stroke-dasharray="3 1.8"' if curve.dashed else ""
    drawn = f'<path d="{_line(scene, curve)}" stroke="{curve.colour}" stroke-width="{_number(curve.width)}"{dashes}/>'
    if not curve.arrow:
        return drawn
    length, half = HEAD
    end = curve.points[3]
    neck = towards(end, curve.points[2], length)
    across = Point((neck.y - end.y) / length * half, (end.x - neck.x) / length * half)
    sides = Point(neck.x + across.x, neck.y + across.y), Point(neck.x - across.x, neck.y - across.y)
    return f'{drawn}<path d="M{"L".join(_place(scene, p) for p in (end, *sides))}Z" fill="{curve.colour}"/>'


def _line(scene: Scene, curve: Curve) -> str:
    """The path of a curve, up to its arrow's head."""
    start, first, second, end = curve.points
    if curve.arrow:
        end = towards(end, second, HEAD[0])
    controls = (
        "" if curve.points == line(start, curve.points[3]) else f"C{_place(scene, first)} {_place(scene, second)} "
    )
    return f"M{_place(scene, start)}{controls or 'L'}{_place(scene, end)}"


def _box(scene: Scene, box: Box) -> str:
    x, y = _place(scene, box.centre).split()
    look = f'fill="{box.fill}" stroke="{box.outline}" stroke-width="0.9">{_title(box.title)}'
    if box.shape == "circle":
        shape = f'<circle cx="{x}" cy="{y}" r="{_number(box.width / 2)}" {look}</circle>'
    else:
        corner = _place(scene, Point(box.centre.x - box.width / 2, box.centre.y + box.height / 2)).split()
        size = f'width="{_number(box.width)}" height="{_number(box.height)}" rx="3"'
        shape = f'<rect x="{corner[0]}" y="{corner[1]}" {size} {look}</rect>'
    return shape + (_text(scene, Text(box.centre, box.text, box.text_size, box.text_colour)) if box.text else "")


def _text(scene: Scene, text: Text) -> str:
    x, y = _place(scene, text.at).split()
    look = f'x="{x}" y="{y}" font-size="{text.size:g}" fill="{text.colour}"'
    if text.align != "centre":
        look += f' text-anchor="{ANCHORS[text.align]}"'
    if text.bold:
        look += ' font-weight="bold"'
    if text.backed:
        look += f' paint-order="stroke" stroke="{palette.PAPER}" stroke-width="5"'
    # Where a text has no title, the pointer reaches the curve below it.
    look += ' pointer-events="auto"' if text.title else ' pointer-events="none"'
    return f"<text {look}>{_title(text.title)}{html.escape(text.text)}</text>"


def _title(title: str) -> str:
    return f"<title>{html.escape(title)}</title>" if title else ""


def _place(scene: Scene, point: Point) -> str:
    return f"{_number(point.x)} {_number(scene.height - point.y)}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
