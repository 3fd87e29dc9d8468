"""Whole architectures, drawn from the softmaxes: only what is drawn runs, and its gradient reaches the softmaxes.

A weight that is drawn is 1 in the forward pass and has the gradient of its relaxation, a softmax of the logits with the
same Gumbel noise at a temperature that falls during the search ("straight through"). The path is drawn backwards,
from its end, as the transitions into a cell share a softmax. Of a node's edges the two strongest are kept, after Gumbel
noise on their strengths: the more decided the softmaxes are, the more often the draw is what decoding would keep.

Source: Jang et al. (2017), and GDAS (Dong and Yang, 2019), which runs only what is drawn.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ...genotypes.space import EDGES, KEPT_EDGES_PER_NODE, NODES, BranchSpace, Edge, Transition
from ...networks.cell import Weight
from ...networks.path import Mixture
from ..choices import Choice
from ..search_network import SearchNetwork
from ..supernet import Supernet
from .strategy import Draw


def mixtures(searched: SearchNetwork, draw: Draw) -> dict[str, Mixture]:
    """One architecture of each searched branch."""
    return {name: drawn_mixture(path, draw) for name, path in searched.supernets.items()}


def drawn_mixture(supernet: Supernet, draw: Draw) -> Mixture:
    """Draw a branch's architecture from its softmaxes.

    Args:
        supernet: the branch's.
        draw: which draw it is, and the temperature.
    """
    rng = draw.rng(supernet.space.name)
    choices = supernet.choices()
    by_edge = {choice.edge: choice for choice in choices if choice.edge is not None}
    operations = _operations(by_edge, draw.temperature, rng)
    into = {choice.options[0][::2]: choice for choice in choices if choice.kind == "transitions"}
    ends = next(choice for choice in choices if choice.kind == "ends")
    end, weight = _drawn(ends, draw.temperature, rng)
    return Mixture(operations, _path(supernet.space, into, end, draw.temperature, rng), {end: weight})


def _operations(
    choices: Mapping[Edge, Choice], temperature: float, rng: np.random.Generator
) -> dict[Edge, dict[str, Weight]]:
    strength = {edge: _strength(choice) + rng.gumbel() for edge, choice in choices.items()}
    drawn = {edge: _drawn(choice, temperature, rng) for edge, choice in choices.items()}
    kept: set[Edge] = set()
    for node in NODES:
        ranked = sorted((edge for edge in EDGES if edge.target == node), key=lambda edge: -strength[edge])
        kept |= set(ranked[:KEPT_EDGES_PER_NODE])
    return {edge: {drawn[edge][0]: drawn[edge][1]} for edge in EDGES if edge in kept}


def _path(
    space: BranchSpace,
    into: Mapping[tuple[int, int], Choice],
    end: int,
    temperature: float,
    rng: np.random.Generator,
) -> dict[Transition, Weight]:
    transitions: dict[Transition, Weight] = {}
    rate = end
    for layer in reversed(range(space.layers)):
        transition, weight = _drawn(into[layer, rate], temperature, rng)
        transitions[transition] = weight
        rate = transition.source
    return transitions


def _strength(choice: Choice) -> float:
    """The logarithm of the edge's largest probability, by which decoding ranks edges."""
    return 0.0 if choice.logits is None else float(choice.logits.detach().log_softmax(0).max())


def _drawn(choice: Choice, temperature: float, rng: np.random.Generator) -> tuple:
    """One option and its weight, 1; the option's probability is that of the choice's softmax."""
    if choice.logits is None:
        return choice.options[0], 1.0
    noise = torch.from_numpy(rng.gumbel(size=len(choice.options))).to(choice.logits)
    noisy: Tensor = choice.logits + noise
    index = int(noisy.detach().argmax())
    relaxed = (noisy / temperature).softmax(0)[index]
    return choice.options[index], relaxed - relaxed.detach() + 1.0
