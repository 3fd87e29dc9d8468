"""The choices of a branch, one softmax each: a supernet's mixture, probabilities and entropies follow from them."""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..genotypes.decode import BranchProbabilities
from ..genotypes.space import EDGES, KEPT_EDGES_PER_NODE, NODES, BranchSpace, Edge, End, Transition
from ..networks.cell import Weight
from ..networks.path import Mixture

_KEPT_SHARE = {node: KEPT_EDGES_PER_NODE / sum(edge.target == node for edge in EDGES) for node in NODES}
"""Of the edges into each node, the share that decoding keeps."""


class Choice(NamedTuple):
    """One choice."""

    kind: Literal["operations", "transitions", "ends"]
    """What is chosen: an edge's operation, the transition into a cell, or where the path ends."""
    options: tuple[Any, ...]
    """Names of operations, transitions, or ends."""
    logits: Tensor | None
    """(options,), part of an architecture parameter; None if there is only one option."""
    edge: Edge | None = None
    """The edge whose operation is chosen."""

    def weights(self) -> dict[Any, Weight]:
        """The softmax over the options; 1 for a single one."""
        if self.logits is None:
            return {self.options[0]: 1.0}
        return dict(zip(self.options, self.logits.softmax(0).unbind(0), strict=True))


def branch_choices(
    space: BranchSpace, alphas: Tensor | None, betas: Tensor | None, gammas: Tensor | None
) -> list[Choice]:
    """All choices of a branch: one per edge in the order of `EDGES`, one per cell by layer and rate, and the end.

    Args:
        space: the branch.
        alphas: (E, P), a row of logits for each edge; None if there is only one operation.
        betas: logits of the transitions into every cell that has several, one cell after the other, or None.
        gammas: logits of the ends; None if there is only one.
    """
    rows = [None] * len(EDGES) if alphas is None else alphas.unbind(0)
    operations = [Choice("operations", space.operations, row, edge) for edge, row in zip(EDGES, rows, strict=True)]
    cells = [space.incoming(layer, rate) for layer, rates in enumerate(space.rates) for rate in rates]
    parts = iter(() if betas is None else betas.split([len(into) for into in cells if len(into) > 1]))
    transitions = [Choice("transitions", into, next(parts) if len(into) > 1 else None) for into in cells]
    return [*operations, *transitions, Choice("ends", space.ends, gammas)]


def mixture_of(choices: Sequence[Choice], scale_edges: bool = False) -> Mixture:
    """The softmaxes of a branch's choices, as a supernet's forward pass takes them.

    Args:
        choices: all of the branch's.
        scale_edges: scale the weights of the edges into a node by the share that decoding keeps, so that a node's
            sum is as large in the supernet as in the network that is derived from it.
    """
    operations: dict[Edge, dict[str, Weight]] = {}
    transitions: dict[Transition, Weight] = {}
    ends: dict[End, Weight] = {}
    for choice in choices:
        if choice.edge is not None:
            scale = _KEPT_SHARE[choice.edge.target] if scale_edges else 1.0
            weights = choice.weights()
            operations[choice.edge] = weights if scale == 1 else {name: scale * w for name, w in weights.items()}
        else:
            (transitions if choice.kind == "transitions" else ends).update(choice.weights())
    return Mixture(operations, transitions, ends)


@torch.no_grad()
def probabilities_of(choices: Sequence[Choice]) -> BranchProbabilities:
    """The softmaxes of a branch's choices as plain numbers, for decoding and drawing."""
    mixture = mixture_of(choices)
    return BranchProbabilities(
        np.asarray([[float(weight) for weight in mixture.operations[edge].values()] for edge in EDGES]),
        {transition: float(weight) for transition, weight in mixture.transitions.items()},
        {end: float(weight) for end, weight in mixture.ends.items()},
    )


@torch.no_grad()
def entropies(choices: Sequence[Choice]) -> dict[str, float]:
    """Mean entropy of each kind of choice, as a share of its maximum: 1 for even odds, 0 for a decision.

    Returns:
        `operations`, `transitions` and `ends`, each only if there is such a choice.
    """
    shares: dict[str, list[float]] = {}
    for choice in choices:
        if len(choice.options) > 1:
            weights = np.asarray([float(weight) for weight in choice.weights().values()])
            shares.setdefault(choice.kind, []).append(_relative_entropy(weights))
    return {kind: float(np.mean(values)) for kind, values in shares.items()}


def _relative_entropy(p: np.ndarray) -> float:
    positive = p[p > 0]
    return float(-(positive * np.log(positive)).sum() / math.log(len(p)))
