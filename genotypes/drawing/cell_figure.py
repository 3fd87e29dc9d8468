"""The right half of a branch's row: the cell that its layers share, as a scene."""

from collections.abc import Mapping, Sequence

import networkx as nx

from ..decode import BranchProbabilities
from ..operations import STROKES
from ..space import CELL_INPUTS, EDGES, NODES, Edge
from . import palette
from .graph import CONCATENATION
from .labels import Label, place_labels
from .scene import Box, Curve, Point, Scene, Text, bow, line, towards

COLUMN = 64.0
"""Horizontal distance between a cell's nodes, in points."""

ROW = 48.0
"""Vertical distance between a cell's nodes, in points."""

INPUT_GAP = 20.0
"""Extra points between the inputs and the first node, where a label must fit on a short edge."""

WIDTH = COLUMN * (len(NODES) + 1) + INPUT_GAP
"""Points from the middle of the inputs to that of the concatenation."""

NODE_RADIUS = 10.0
INPUT_SIZE = (22.0, 16.0)
LABEL_SIZE = 7.0
BULGES = {("s0", "n1"): -6.0, ("n0", "n2"): 26.0, ("s0", "n2"): -10.0, ("s1", "n2"): -10.0}
"""Edges that bulge by this many points to the left: straight, they would run through or close by n1, or their heads
would lie on others."""


def operation_name(op: str) -> str:
    """An operation as the drawing names it: `conv 5x5`."""
    return op.replace("_", " ")


def operation_shares(probabilities: BranchProbabilities, operations: Sequence[str]) -> dict[Edge, str]:
    """What a branch's supernet believes of every edge, as a line for people: `conv 5x5 0.61, skip 0.39`.

    Args:
        probabilities: what it believes.
        operations: the candidates, in the order of the columns of `probabilities.operations`.

    Returns:
        A line for each edge; nothing if the candidates are others.
    """
    if probabilities.operations.shape != (len(EDGES), len(operations)):
        return {}
    return {
        edge: ", ".join(f"{operation_name(operations[int(i)])} {row[i]:.2f}" for i in (-row).argsort(kind="stable"))
        for edge, row in zip(EDGES, probabilities.operations, strict=True)
    }


def draw_cell(
    scene: Scene, graph: nx.DiGraph, name: str, origin: Point, shares: Mapping[Edge, str] | None = None
) -> None:
    """Add a branch's cell to a scene.

    Args:
        scene: what to add to.
        graph: as `cell_graph` returns it.
        name: the branch's name.
        origin: where the inputs' column meets the lowest node's row.
        shares: of the operations of every edge, as `operation_shares` returns them, for the titles.
    """
    place = {
        node: Point(origin.x + x * COLUMN + (INPUT_GAP if x > 0 else 0), origin.y + y * ROW)
        for node, (x, y) in nx.get_node_attributes(graph, "pos").items()
    }
    titles = {edge: f"{edge.source} \u2192 {edge.target}: {text}" for edge, text in (shares or {}).items()}
    boxes = [_box(node, f"{name}_{node}", place[node], titles) for node in graph.nodes]
    curves: list[Curve] = []
    labels: list[Label] = []
    for source, target, op in graph.edges(data="op"):
        curves.append(_edge(name, Edge(source, target), op, place, titles))
        if op is not None:
            labels.append(Label(curves[-1], operation_name(op)))
    scene.boxes += boxes
    scene.curves += curves
    scene.texts += place_labels(labels, boxes, curves, LABEL_SIZE)
    bar = place[CONCATENATION]
    scene.texts.append(Text(Point(bar.x, origin.y - NODE_RADIUS - 9), CONCATENATION, 7.5, palette.FAINT_INK))


def _box(node: str, key: str, centre: Point, titles: Mapping[Edge, str]) -> Box:
    if node == CONCATENATION:
        return Box(key, centre, 11, ROW * (len(NODES) - 1) + 2 * NODE_RADIUS, "#eeeeee", palette.WIRE)
    if node in CELL_INPUTS:
        return Box(key, centre, *INPUT_SIZE, "#eeeeee", palette.WIRE, text=node)
    size = 2 * NODE_RADIUS
    every_edge = "\n".join(title for edge, title in titles.items() if edge.target == node)  # the dropped ones too
    return Box(key, centre, size, size, palette.PAPER, palette.INK, "circle", node, title=every_edge)


def _edge(name: str, edge: Edge, op: str | None, place: dict[str, Point], titles: Mapping[Edge, str]) -> Curve:
    start, end = place[edge.source], place[edge.target]
    keys = f"{name}_{edge.source}", f"{name}_{edge.target}"
    if op is None:
        end = Point(end.x - 5.5, start.y)
        return Curve(*keys, line(start, end), palette.WIRE, 0.9, arrow=True)
    bulge = BULGES.get(edge)
    points = line(start, end) if bulge is None else bow(start, end, bulge)
    tip = towards(end, points[2], NODE_RADIUS + 0.5)
    points = (*points[:3], tip)
    stroke = STROKES[op]
    return Curve(*keys, points, stroke.colour, stroke.width, stroke.dashed, True, titles.get(edge, ""))
