"""The left half of a branch's row: its trellis with the chosen path, as a scene."""

import networkx as nx

from ..space import RATES
from . import palette
from .graph import HEAD, STEM
from .scene import Box, Curve, Point, Scene, Text, bow, line, swing

COLUMN = 48.0
"""Points between layers."""

ROW = 32.0
"""Points between rates."""

LEGIBLE = 0.15
"""Least probability of a transition that is printed on the path."""

KEY = (
    "Number and strength of a move: its share of the moves into its cell; grey: the only one. "
    "Thick: the best path as a whole; bold: its end."
)
"""One line that explains the probabilities in a drawing that has them."""

PATH_WIDTH = 2.6
BYPASS = 15.0
TERMINAL = (29.0, 15.0)
CELL_RADIUS = 7.0
POSSIBLE_RADIUS = 3.2
SMALL = 6.5


def trellis_width(layers: int) -> float:
    """Points from the middle of the stem to that of the head."""
    return (layers + 1) * COLUMN


def draw_trellis(scene: Scene, graph: nx.DiGraph, origin: Point) -> None:
    """Add a branch's trellis to a scene.

    Args:
        scene: what to add to.
        graph: as `trellis_graph` returns it.
        origin: where the stem's column meets the lowest rate's row.
    """
    grid = nx.get_node_attributes(graph, "pos")
    place = {node: Point(origin.x + x * COLUMN, origin.y + y * ROW) for node, (x, y) in grid.items()}
    # The path comes last, above the rest; its boxes too, since Graphviz draws edges in the order of their sources.
    for edge in sorted(graph.edges, key=lambda edge: graph.edges[edge]["on_path"]):
        if _is_early(graph, edge) and not graph.edges[edge]["on_path"]:
            scene.boxes.append(_ring(graph, edge, place))
        else:
            scene.curves.append(_transition(graph, edge, place))
    for node in sorted(graph.nodes, key=lambda node: graph.nodes[node]["on_path"]):
        scene.boxes.append(_terminal(graph, node, place) if node in (STEM, HEAD) else _cell(graph, node, place))
    scene.texts += _axis_labels(graph, origin)
    scene.texts += _end_probabilities(graph, place, origin)
    scene.texts += [text for edge in graph.edges if (text := _printed_probability(graph, edge, place)) is not None]


def _key(graph: nx.DiGraph, node: object) -> str:
    return f"{graph.name}_{node}" if isinstance(node, str) else "{}_{}_x{}".format(graph.name, *node)  # pyright: ignore[reportGeneralTypeIssues]


def _transition(graph: nx.DiGraph, edge: tuple, place: dict) -> Curve:
    source, target = edge
    probability, on_path = graph.edges[edge]["probability"], graph.edges[edge]["on_path"]
    colour = palette.BRANCH_COLOURS[graph.name]
    if on_path:
        width = PATH_WIDTH
    elif probability is None:
        width, colour = 0.7, palette.GRID
    elif _is_forced(graph, target):
        width, colour = 0.8, palette.WIRE
    else:
        width, colour = 0.4 + 1.8 * probability, palette.tint(colour, 0.12 + 0.6 * probability)
    start, end = place[source], place[target]
    shape = swing if target == HEAD else line
    # A level line from an early end would look as if the path went on through the later cells.
    passes_by = start.y == end.y and _is_early(graph, edge)
    return Curve(
        _key(graph, source),
        _key(graph, target),
        bow(start, end, BYPASS) if passes_by else shape(start, end),
        colour,
        width,
        title=_title(source, target, probability, _is_early(graph, edge)),
    )


def _is_early(graph: nx.DiGraph, edge: tuple) -> bool:
    """Whether a path ends by this edge before the trellis does."""
    (source, target), last = edge, graph.nodes[HEAD]["layer"] - 1
    return target == HEAD and graph.nodes[source]["layer"] < last


def _ring(graph: nx.DiGraph, edge: tuple, place: dict) -> Box:
    """The mark of a cell after which a path might end, stronger the likelier; curves to the head would cross."""
    source, probability = edge[0], graph.edges[edge]["probability"]
    radius = 3.0 + (CELL_RADIUS if graph.nodes[source]["on_path"] else POSSIBLE_RADIUS)
    strength = 0.3 if probability is None else 0.2 + 0.8 * probability
    colour = palette.tint(palette.BRANCH_COLOURS[graph.name], strength)
    key, title = f"{_key(graph, source)}_end", _title(source, HEAD, probability, early=True)
    return Box(key, place[source], 2 * radius, 2 * radius, palette.PAPER, colour, "circle", title=title)


def _title(source: object, target: object, probability: float | None, early: bool = False) -> str:
    """What a move is and how likely: `layer 3, from ×2 to ×4: 0.61`; nothing without a probability."""
    if probability is None:
        return ""
    rate = f"\u00d7{source[1]}" if isinstance(source, tuple) else "the stem"
    if not isinstance(target, tuple):
        after = f" after layer {source[0] + 1}" if early and isinstance(source, tuple) else ""
        return f"end at {rate}{after}: {probability:.2f}"
    return f"layer {target[0] + 1}, from {rate} to \u00d7{target[1]}: {probability:.2f}"


def _is_forced(graph: nx.DiGraph, target: object) -> bool:
    """Whether only one transition leads into a node, so that its probability of 1 says nothing."""
    return graph.in_degree(target) == 1


def _terminal(graph: nx.DiGraph, node: str, place: dict) -> Box:
    colour = palette.BRANCH_COLOURS[graph.name]
    width, height = TERMINAL
    return Box(_key(graph, node), place[node], width, height, palette.tint(colour, 0.16), colour, text=node)


def _cell(graph: nx.DiGraph, node: tuple[int, int], place: dict) -> Box:
    on_path = graph.nodes[node]["on_path"]
    colour = palette.BRANCH_COLOURS[graph.name] if on_path else palette.GRID
    size = 2 * (CELL_RADIUS if on_path else POSSIBLE_RADIUS)
    return Box(_key(graph, node), place[node], size, size, colour, palette.PAPER, "circle")


def _axis_labels(graph: nx.DiGraph, origin: Point) -> list[Text]:
    left, below = origin.x - TERMINAL[0] / 2 - 8, origin.y - 19
    layers = graph.nodes[HEAD]["layer"]
    rates = [
        Text(Point(left, origin.y + i * ROW), f"\u00d7{rate}", 7.5, palette.FAINT_INK, "right")
        for i, rate in enumerate(RATES)
    ]
    numbers = [
        Text(Point(origin.x + layer * COLUMN, below), str(layer), 7.5, palette.FAINT_INK)
        for layer in range(1, layers + 1)
    ]
    names = [
        Text(Point(left, below), "rate", 7.5, palette.FAINT_INK, "right"),
        Text(Point(origin.x, below), "layer", 7.5, palette.FAINT_INK),
    ]
    return [*rates, *names, *numbers]


def _printed_probability(graph: nx.DiGraph, edge: tuple, place: dict) -> Text | None:
    """The value on a transition of the path, if it is large enough: above a level line, on a slanting one."""
    probability, on_path = graph.edges[edge]["probability"], graph.edges[edge]["on_path"]
    source, target = edge
    if probability is None or not on_path or target == HEAD or probability < LEGIBLE or _is_forced(graph, target):
        return None
    start, end = place[source], place[target]
    is_level = start.y == end.y
    # The stem is wide, so the middle of the visible line beside it is further right.
    middle = (start.x + end.x) / 2 + (4 if source == STEM else 0)
    at = Point(middle, (start.y + end.y) / 2 + (7 if is_level else 0))
    return Text(at, f"{probability:.2f}", SMALL, backed=not is_level)


def _end_probabilities(graph: nx.DiGraph, place: dict, origin: Point) -> list[Text]:
    """The probability of each end: of those in the last layer right of the head, at their heights, in a column.

    Of the earlier ones the path's alone is printed, below its cell.
    """
    if _is_forced(graph, HEAD):
        return []
    column = place[HEAD].x + TERMINAL[0] / 2 + 18
    values: list[Text] = []
    for source, _, edge in graph.in_edges(HEAD, data=True):
        early = _is_early(graph, (source, HEAD))
        if edge["probability"] is None or (early and not edge["on_path"]):
            continue
        cell = place[source]
        at = Point(cell.x, cell.y - CELL_RADIUS - 6) if early else Point(column, cell.y)
        title = _title(source, HEAD, edge["probability"], early)
        values.append(Text(at, f"{edge['probability']:.2f}", SMALL, bold=edge["on_path"], backed=early, title=title))
    return [*values, Text(Point(column, origin.y - 19), "end", 7.5, palette.FAINT_INK)] if values else []
