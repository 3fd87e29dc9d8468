"""Whole architectures, drawn from the softmaxes: only what is drawn runs, and its gradient reaches the softmaxes.

A weight that is drawn is 1 in the forward pass and has the gradient of its relaxation, a softmax of the logits with the
same Gumbel noise at a temperature that falls during the search ("straight through"). The path is drawn backwards,
from its end, as the transitions into a cell share a softmax. Of a node's edges the two strongest are kept, after Gumbel
noise on their strengths: the more decided the softmaxes are, the more often the draw is what decoding would keep.

Source: Jang et al. (2017), and GDAS (Dong and Yang, 2019), which runs only what is drawn.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...genotypes.space import EDGES, KEPT_EDGES_PER_NODE, NODES, BranchSpace, Edge, End, Transition
from ...networks.cell import Weight
from ...networks.path import Active, Mixture
from ..choices import Choice
from ..search_network import SearchNetwork
from ..supernet import Supernet
from .strategy import Draw


def active(searched: SearchNetwork, draw: Draw) -> Active:
    """One architecture of each searched branch."""
    return Active({name: drawn_mixture(path, draw) for name, path in searched.supernets.items()})


def drawn_mixture(supernet: Supernet, draw: Draw) -> Mixture:
    """Draw a branch's architecture from its softmaxes.

    Args:
        supernet: the branch's.
        draw: which draw it is, and the temperature.
    """
    rng = draw.rng(supernet.space.name)
    choices = _known(supernet.choices())
    by_edge = {known.choice.edge: known for known in choices if known.choice.edge is not None}
    operations = _operations(by_edge, draw.temperature, rng)
    into = {known.choice.options[0][::2]: known for known in choices if known.choice.kind == "transitions"}
    ends = next(known for known in choices if known.choice.kind == "ends")
    end, weight = _drawn(ends, draw.temperature, rng)
    return Mixture(operations, _path(supernet.space, into, end, draw.temperature, rng), {end: weight})


class _Known(NamedTuple):
    """A choice, and its logits where what is drawn is decided: in the machine's memory."""

    choice: Choice
    logits: Tensor | None


def _known(choices: Sequence[Choice]) -> list[_Known]:
    """Fetch the logits of all choices together, as a GPU is waited for each time."""
    there = [choice.logits.detach() for choice in choices if choice.logits is not None]
    fetched = iter(torch.cat(there).cpu().split([len(logits) for logits in there]) if there else ())
    return [_Known(choice, None if choice.logits is None else next(fetched)) for choice in choices]


def _operations(
    choices: Mapping[Edge, _Known], temperature: float, rng: np.random.Generator
) -> dict[Edge, dict[str, Weight]]:
    strength = {edge: _strength(known) + rng.gumbel() for edge, known in choices.items()}
    drawn = {edge: _drawn(known, temperature, rng) for edge, known in choices.items()}
    kept: set[Edge] = set()
    for node in NODES:
        ranked = sorted((edge for edge in EDGES if edge.target == node), key=lambda edge: -strength[edge])
        kept |= set(ranked[:KEPT_EDGES_PER_NODE])
    return {edge: {drawn[edge][0]: drawn[edge][1]} for edge in EDGES if edge in kept}


def _path(
    space: BranchSpace,
    into: Mapping[tuple[int, int], _Known],
    end: End,
    temperature: float,
    rng: np.random.Generator,
) -> dict[Transition, Weight]:
    transitions: dict[Transition, Weight] = {}
    rate = end.rate
    for layer in reversed(range(end.layer + 1)):
        transition, weight = _drawn(into[layer, rate], temperature, rng)
        transitions[transition] = weight
        rate = transition.source
    return transitions


def _strength(known: _Known) -> float:
    """The logarithm of the edge's largest probability, by which decoding ranks edges."""
    return 0.0 if known.logits is None else float(known.logits.log_softmax(0).max())


def _drawn(known: _Known, temperature: float, rng: np.random.Generator) -> tuple:
    """One option and its weight, 1; the option's probability is that of the choice's softmax."""
    choice = known.choice
    if choice.logits is None or known.logits is None:
        return choice.options[0], 1.0
    noise = torch.from_numpy(rng.gumbel(size=len(choice.options))).to(known.logits.dtype)
    index = int((known.logits + noise).argmax())
    relaxed = ((choice.logits + noise.to(choice.logits.device)) / temperature).softmax(0)[index]
    return choice.options[index], relaxed - relaxed.detach() + 1.0
