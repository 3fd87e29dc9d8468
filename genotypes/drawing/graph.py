"""A genotype's path and cell as networkx graphs: views to draw, measure and test; nothing is computed with them."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

import networkx as nx

from ...errors import MfpsError
from ..branch_genotype import BranchGenotype, space_of
from ..decode import BranchProbabilities
from ..space import CELL_INPUTS, NODES, RATES, BranchSpace, End, Transition

STEM = "stem"
"""The trellis's first node: the branch's input, at its start rate."""

HEAD = "head"
"""The trellis's last node: it brings the last cell to rate 8."""

CONCATENATION = "concat"
"""The cell's last node: the cell's output."""


def trellis_graph(
    space_or_branch: BranchSpace | BranchGenotype,
    name: str,
    path: Sequence[int] | None = None,
    probabilities: BranchProbabilities | None = None,
) -> nx.DiGraph:
    """The trellis of a branch: a node for each cell that can be reached, an edge for each possible transition.

    Nodes are `STEM`, `(layer, rate)` with layers from 0, and `HEAD`. Their attributes: `layer` (-1 for the stem, L for
    the head), `rate`, `on_path`, and `pos`, whole-number grid coordinates: the layer across, the rate's index up.
    Edge attributes: `on_path`, and `probability` (None without `probabilities`).

    Args:
        space_or_branch: a search space, or a genotype's branch, which is drawn in its `space_of`; with probabilities of
            a search whose paths may end early, in the trellis of these.
        name: the branch's name.
        path: the chosen rate of each layer; a genotype's branch brings its own.
        probabilities: what the supernet believes; the trellis then has only the transitions and ends that they
            cover (fewer in a monotone search).

    Raises:
        MfpsError: the path or the probabilities do not belong to this trellis.
    """
    if isinstance(space_or_branch, BranchGenotype):
        space = _around(space_of(space_or_branch, name), probabilities)
        path = space_or_branch.path if path is None else path
    else:
        space = space_or_branch
    transitions, ends = _possibilities(space, probabilities)
    chosen = _steps(space, path, transitions, ends)

    graph = nx.DiGraph(name=name)
    graph.add_node(STEM, layer=-1, rate=space.start_rate, pos=(0, RATES.index(space.start_rate)))
    for t in transitions:
        graph.add_node((t.layer, t.target), layer=t.layer, rate=t.target, pos=(t.layer + 1, RATES.index(t.target)))
        graph.add_edge(_cell(t.layer - 1, t.source), _cell(t.layer, t.target), probability=transitions[t])
    graph.add_node(HEAD, layer=space.layers, rate=RATES[-1], pos=(space.layers + 1, len(RATES) - 1))
    for end, probability in ends.items():
        graph.add_edge(_cell(*end), HEAD, probability=probability)

    nx.set_edge_attributes(graph, {edge: edge in chosen for edge in graph.edges}, "on_path")
    visited = {node for edge in chosen for node in edge}
    nx.set_node_attributes(graph, {node: node in visited for node in graph.nodes}, "on_path")
    return graph


def cell_graph(branch: BranchGenotype) -> nx.DiGraph:
    """The cell of a branch: its two inputs, its nodes, and their concatenation.

    Every node has `pos`, grid coordinates: inputs on the left, each node one column to the right of and one row below
    the one before, so that each can reach the concatenation on the right in a straight line.
    Edges have `op`, the operation's name; None for the edges into the concatenation.

    Args:
        branch: the branch whose layers share the cell.
    """
    graph = nx.DiGraph()
    for row, source in enumerate(reversed(CELL_INPUTS)):
        graph.add_node(source, pos=(0, row * (len(NODES) - 1)))
    for i, node in enumerate(NODES):
        graph.add_node(node, pos=(1 + i, len(NODES) - 1 - i))
    graph.add_node(CONCATENATION, pos=(1 + len(NODES), (len(NODES) - 1) / 2))
    for edge, op in branch.operations.items():
        graph.add_edge(edge.source, edge.target, op=op)
    for node in NODES:
        graph.add_edge(node, CONCATENATION, op=None)
    return graph


def _cell(layer: int, rate: int) -> Hashable:
    return STEM if layer < 0 else (layer, rate)


def _around(space: BranchSpace, probabilities: BranchProbabilities | None) -> BranchSpace:
    """The space in which a genotype's branch was searched: longer than its path, where that might have gone on."""
    if probabilities is None or not (probabilities.transitions and probabilities.ends):
        return space
    layers = 1 + max(transition.layer for transition in probabilities.transitions)
    least = 1 + min(end.layer for end in probabilities.ends)
    return replace(space, layers=layers, least_layers=least) if least < layers else space


def _possibilities(
    space: BranchSpace, probabilities: BranchProbabilities | None
) -> tuple[dict[Transition, float | None], dict[End, float | None]]:
    """The transitions and ends to show, with their probabilities where these are known."""
    if probabilities is None:
        return dict.fromkeys(space.transitions), dict.fromkeys(space.ends)
    strange = set(probabilities.transitions) - set(space.transitions)
    if strange or set(probabilities.ends) - set(space.ends) or not probabilities.transitions:
        raise MfpsError(
            f"{space.name}: these probabilities are not those of a trellis of {space.layers} layers from rate "
            f"{space.start_rate}: give those of the search that the genotype came from"
        )
    transitions = {t: probabilities.transitions[t] for t in space.transitions if t in probabilities.transitions}
    ends = {end: probabilities.ends[end] for end in space.ends if end in probabilities.ends}
    return {**transitions}, {**ends}


def _steps(
    space: BranchSpace,
    path: Sequence[int] | None,
    transitions: dict[Transition, float | None],
    ends: dict[End, float | None],
) -> set[tuple[Hashable, Hashable]]:
    """The edges that the path takes, from the stem to the head."""
    if path is None:
        return set()
    taken = [Transition(i, s, t) for i, (s, t) in enumerate(zip((space.start_rate, *path), path, strict=False))]
    end = End(len(path) - 1, path[-1]) if path else None
    if end is None or end not in ends or any(t not in transitions for t in taken):
        raise MfpsError(
            f"{space.name}: the path {list(path)} cannot be walked in this trellis of {space.layers} layers from rate "
            f"{space.start_rate}: give a path of its own search space"
        )
    edges = {(_cell(t.layer - 1, t.source), _cell(t.layer, t.target)) for t in taken}
    return edges | {(_cell(*end), HEAD)}
