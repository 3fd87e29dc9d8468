"""From the supernet's probabilities to a genotype: two edges per node, and the best path by exact Viterbi.

Works on plain numbers, so that it can be tested against brute force and used without torch.

Source: MFPSNet paper section III-B; Auto-DeepLab's Viterbi decoding. Deviates: each cell's
probabilities run over its incoming transitions, and are corrected for the number of choices (see `path_score`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import MfpsError
from .branch_genotype import BranchGenotype, CellEdge
from .space import EDGES, KEPT_EDGES_PER_NODE, NODES, BranchSpace, End, Transition


@dataclass(frozen=True)
class BranchProbabilities:
    """What a branch's supernet believes, as plain numbers.

    Attributes:
        operations: (E, P) softmax over the operations of each edge, edges in the order of `EDGES`.
        transitions: the probability of each transition among those into the same cell.
        ends: the probability of each end.
    """

    operations: np.ndarray
    transitions: Mapping[Transition, float]
    ends: Mapping[End, float]


class ScoredPath(NamedTuple):
    """A path and its score in nats: 0 for a path of even odds, positive for one that the supernet prefers."""

    score: float
    path: tuple[int, ...]


class DecodedBranch(NamedTuple):
    """A branch's derived architecture, and how clear-cut the decision was.

    Attributes:
        genotype: the architecture.
        paths: the top paths with their scores, best first.
        path_margin: score of the best path minus the runner-up's (infinite if there is only one path).
        cell_margin: smallest margin by which a kept edge beat its node's strongest dropped edge, or the operation of a
            kept edge its runner-up: the probability that must shift before the cell changes (infinite if there was no
            choice).
    """

    genotype: BranchGenotype
    paths: list[ScoredPath]
    path_margin: float
    cell_margin: float


def decode_branch(space: BranchSpace, probabilities: BranchProbabilities, top_k: int = 5) -> DecodedBranch:
    """Derive a branch's discrete architecture.

    Args:
        space: the branch's search space.
        probabilities: what its supernet believes.
        top_k: how many of the best paths to report.

    Returns:
        The architecture, the best paths and the margins.

    Raises:
        MfpsError: the probabilities of the operations do not have the shape (E, P).
    """
    paths = best_paths(space, probabilities, max(top_k, 2))
    cell, cell_margin = decode_cell(space, probabilities.operations)
    genotype = BranchGenotype(start_rate=space.start_rate, width=space.width, path=list(paths[0].path), cell=cell)  # pyright: ignore[reportArgumentType]
    margin = paths[0].score - paths[1].score if len(paths) > 1 else math.inf
    return DecodedBranch(genotype, paths[:top_k], margin, cell_margin)


def decode_cell(space: BranchSpace, operations: np.ndarray) -> tuple[list[CellEdge], float]:
    """Keep each node's two strongest edges with their strongest operations.

    An edge is as strong as its strongest operation; ties go to the earlier edge and the earlier operation.

    Args:
        space: names the operations.
        operations: (E, P) probabilities, E = 9 edges in the order of `EDGES`.

    Returns:
        The kept edges in edge order, and the smallest margin of all choices made.

    Raises:
        MfpsError: the array's shape is not (E, P).
    """
    if operations.shape != (len(EDGES), len(space.operations)):
        raise MfpsError(
            f"operation weights have shape {operations.shape}, expected {(len(EDGES), len(space.operations))}"
        )
    ranked_operations = np.sort(operations, axis=1)[:, ::-1]
    strength = ranked_operations[:, 0]
    kept: list[int] = []
    margins: list[float] = []
    for node in NODES:
        into = [e for e, edge in enumerate(EDGES) if edge.target == node]
        ranked = sorted(into, key=lambda e: (-strength[e], e))
        kept += ranked[:KEPT_EDGES_PER_NODE]
        if len(ranked) > KEPT_EDGES_PER_NODE:
            margins.append(float(strength[ranked[KEPT_EDGES_PER_NODE - 1]] - strength[ranked[KEPT_EDGES_PER_NODE]]))
    if len(space.operations) > 1:
        margins += [float(ranked_operations[e, 0] - ranked_operations[e, 1]) for e in kept]
    cell = [CellEdge.of(EDGES[e], space.operations[int(operations[e].argmax())]) for e in sorted(kept)]
    return cell, min(margins, default=math.inf)


def path_score(space: BranchSpace, probabilities: BranchProbabilities, path: tuple[int, ...]) -> float:
    """Score of one path: the sum of log p + log k over its choices, k the number of alternatives of each.

    The correction makes a choice among k equal alternatives worth 0 whatever k is. Without it a path along the border
    of the trellis, where cells have fewer inputs, would win at equal logits. (The published decoder scales two-way
    softmaxes by 2/3 for the same purpose.)

    Args:
        space: the branch's search space.
        probabilities: what its supernet believes.
        path: the rate of each layer.

    Returns:
        The score in nats.
    """
    scores = choice_scores(space, probabilities)
    score = 0.0
    for layer, (source, target) in enumerate(zip((space.start_rate, *path), path, strict=False)):
        score += scores[Transition(layer, source, target)]
    return score + scores[End(len(path) - 1, path[-1])]


def choice_scores(
    space: BranchSpace, probabilities: BranchProbabilities, least: float = 0.0
) -> dict[Transition | End, float]:
    """The score of each choice of which a path is made: of each transition, and of each end.

    Args:
        space: the branch's search space.
        probabilities: what its supernet believes.
        least: stands for smaller probabilities.
    """
    scores: dict[Transition | End, float] = {
        transition: _choice_score(max(weight, least), len(space.incoming(transition.layer, transition.target)))
        for transition, weight in probabilities.transitions.items()
    }
    return scores | {end: _choice_score(max(p, least), len(space.ends)) for end, p in probabilities.ends.items()}


def best_paths(space: BranchSpace, probabilities: BranchProbabilities, top_k: int) -> list[ScoredPath]:
    """The `top_k` best paths, best first, by exact k-best Viterbi in log space; equal scores are sorted by path."""
    scores = choice_scores(space, probabilities)
    best: dict[int, list[ScoredPath]] = {space.start_rate: [ScoredPath(0.0, ())]}
    finished: list[ScoredPath] = []
    for layer, targets in enumerate(space.rates):
        extended: dict[int, list[ScoredPath]] = {}
        for target in targets:
            candidates = [
                ScoredPath(prefix.score + scores[transition], (*prefix.path, target))
                for transition in space.incoming(layer, target)
                for prefix in best[transition.source]
            ]
            extended[target] = _leading(candidates, top_k)
        best = extended
        finished += [
            ScoredPath(scored.score + scores[end], scored.path)
            for end in space.ends
            if end.layer == layer
            for scored in best[end.rate]
        ]
    return _leading(finished, top_k)


def _choice_score(probability: float, alternatives: int) -> float:
    """`log(p * k)`: exactly 0 at even odds."""
    return math.log(probability * alternatives) if probability > 0 else -math.inf


def _leading(candidates: list[ScoredPath], count: int) -> list[ScoredPath]:
    return sorted(candidates, key=lambda scored: (-scored.score, scored.path))[:count]
