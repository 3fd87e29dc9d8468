"""Draw a scene with Graphviz: its DOT source, with every position pinned, rendered by the program `neato`."""

import os
import re
import shutil
import subprocess

import graphviz

from ...errors import MfpsError
from . import palette
from .scene import PNG_DPI, Box, Curve, Point, Scene, Text, towards

PROGRAM = "neato"
"""The Graphviz program that keeps given positions."""

PDF_DATE = re.compile(rb"(/CreationDate \(D:)\d{14}")
"""The time stamp that older Graphviz versions always put into a PDF; its replacement must have the same length."""

HEAD_LENGTH = 4.5
"""Length of an arrow's head in points."""

FONT = "Helvetica,Arial,sans-serif"
BOLD_FONT = "Helvetica-Bold"


def has_program() -> bool:
    """Whether Graphviz's program is installed; its Python package alone cannot draw."""
    return shutil.which(PROGRAM) is not None


def render_graphviz(scene: Scene, file_format: str) -> bytes:
    """Draw a scene.

    Args:
        scene: what to draw.
        file_format: `svg`, `png` or `pdf`.

    Returns:
        The file's content.

    Raises:
        MfpsError: the program is not installed, or fails.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise MfpsError(
            f"renderer graphviz: the program `{PROGRAM}` is not installed: install Graphviz (graphviz.org), or use "
            "`renderer` matplotlib or a .gv file"
        )
    resolution = [f"-Gdpi={PNG_DPI}"] if file_format == "png" else []
    # -n2 keeps the given positions of nodes and curves. The variable keeps the time of day out of a PDF.
    finished = subprocess.run(
        [program, "-n2", f"-T{file_format}", *resolution],
        input=dot_source(scene).encode(),
        capture_output=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )
    if finished.returncode != 0:
        complaint = finished.stderr.decode(errors="replace").strip().splitlines()
        raise MfpsError(
            f"renderer graphviz: `{PROGRAM}` failed ({complaint[0] if complaint else finished.returncode}): "
            "use `renderer` matplotlib"
        )
    return PDF_DATE.sub(rb"\g<1>19800101000000", finished.stdout) if file_format == "pdf" else finished.stdout


def dot_source(scene: Scene) -> str:
    """A scene in Graphviz's DOT language; draw it with `neato -n2`."""
    graph = graphviz.Digraph(
        "genotype",
        engine=PROGRAM,
        graph_attr={"pad": "0", "outputorder": "edgesfirst", "bgcolor": palette.PAPER, "splines": "true"},
        node_attr={"fontname": FONT, "fixedsize": "true", "margin": "0", "style": "filled", "penwidth": "0.9"},
        edge_attr={"arrowhead": "none"},
    )
    # Graphviz makes the sheet as large as its content: two invisible corners span it.
    for key, corner in (("sheet_lower", Point(0, 0)), ("sheet_upper", Point(scene.width, scene.height))):
        graph.node(key, label="", pos=_pinned(corner), shape="point", width="0", height="0", style="invis")
    for box in scene.boxes:
        _add_box(graph, box)
    for curve in scene.curves:
        _add_curve(graph, curve)
    for i, text in enumerate(scene.texts):
        _add_text(graph, f"text_{i}", text)
    return graph.source


def _add_box(graph: graphviz.Digraph, box: Box) -> None:
    rounded = box.shape == "box"
    graph.node(
        box.key,
        label=_label(box.text),
        pos=_pinned(box.centre),
        width=_inches(box.width),
        height=_inches(box.height),
        shape="box" if rounded else "circle",
        style="filled,rounded" if rounded else "filled",
        fillcolor=box.fill,
        color=box.outline,
        fontcolor=box.text_colour,
        fontsize=f"{box.text_size:g}",
    )


def _add_curve(graph: graphviz.Digraph, curve: Curve) -> None:
    points = [f"{_number(p.x)},{_number(p.y)}" for p in curve.points]
    if curve.arrow:
        # The head lies between the curve's end and its tip, so the curve must end where the head starts.
        neck = towards(curve.points[3], curve.points[2], HEAD_LENGTH)
        points = [f"e,{points[3]}", *points[:3], f"{_number(neck.x)},{_number(neck.y)}"]
    graph.edge(
        curve.source,
        curve.target,
        pos=" ".join(points),
        color=curve.colour,
        penwidth=f"{curve.width:.2f}",
        style="dashed" if curve.dashed else "solid",
        arrowhead="normal" if curve.arrow else "none",
        arrowsize=f"{HEAD_LENGTH / 10:g}",
    )


def _add_text(graph: graphviz.Digraph, key: str, text: Text) -> None:
    width = text.width + 4
    shift = {"left": width / 2, "centre": 0.0, "right": -width / 2}[text.align]
    justified = {"left": r"\l", "centre": "", "right": r"\r"}[text.align]
    graph.node(
        key,
        label=_label(text.text, justified),
        pos=_pinned(Point(text.at.x + shift, text.at.y)),
        width=_inches(width),
        height=_inches(text.size * 1.25),
        shape="plaintext",
        style="filled" if text.backed else "solid",
        fillcolor=palette.PAPER,
        fontname=BOLD_FONT if text.bold else FONT,
        fontcolor=text.colour,
        fontsize=f"{text.size:g}",
    )


def _label(text: str, justified: str = "") -> str:
    """A label that shows a text as it is; in a plain one, Graphviz reads HTML, escape sequences and entities."""
    return graphviz.nohtml(graphviz.escape(text.replace("&", "&amp;")) + justified)


def _pinned(point: Point) -> str:
    return f"{_number(point.x)},{_number(point.y)}!"


def _number(value: float) -> str:
    return f"{value:.2f}"


def _inches(points: float) -> str:
    return f"{points / 72:.4f}"
