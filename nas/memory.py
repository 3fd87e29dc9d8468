"""The memory that a search needs, estimated before anything of its size is made.

Parameters and activations are counted on the search's own network, built without weights and run on an empty batch.
"""

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..genotypes.branch_genotype import BranchGenotype
from ..genotypes.space import BranchSpace
from ..networks.losses import restoration_loss
from ..networks.operations import CANDIDATES
from ..networks.path import Mixture
from ..networks.training_memory import Kept, WithoutWeights, saved_activations
from .config import SearchConfig
from .costs.cell_kinds import KEPT_EDGES
from .costs.cost_distribution import branch_of
from .search_network import SearchNetwork, build_search_network
from .strategies import STRATEGIES
from .supernet import restriction

CHECKPOINT_COPIES = 3
"""How often a checkpoint is in memory while it is written: its tensors are copied, then made bytes in two steps."""

HELD = 1.25
"""What an allocator holds of memory for each byte of activations, which come in pieces of many sizes: measured with
glibc's, for mixed and drawn networks of several sizes."""

STILL_HELD = 0.5
"""The share of that which it still holds while a checkpoint is written, and which is of no use for its large pieces."""

READ_AHEAD = 2
"""Batches that each worker process reads ahead."""

FLOAT = 4
"""Bytes of a number: parameters, gradients and pictures are float32."""


class SearchMemory(NamedTuple):
    """What one process of a search holds in memory, in bytes."""

    parameters: int
    gradients: int
    """Of what one step trains."""
    optimizer: int
    """Its state, of everything that is ever trained."""
    activations: int
    """What autograd keeps of one piece of a batch until its backward pass."""
    data: int
    """Batches of faces: those of a step, those read ahead, and one piece on the device."""
    checkpoint: int
    """Copies that are made to save the search, between two steps; always in the machine's memory."""

    @property
    def training(self) -> int:
        """Most at any time of a step."""
        return self.parameters + self.gradients + self.optimizer + self.activations + self.data

    @property
    def between_steps(self) -> int:
        """What is held between two steps, without a checkpoint."""
        return self.parameters + self.optimizer + self.data + round(STILL_HELD * self.activations)

    @property
    def total(self) -> int:
        """Most at any time, where all of it is in the machine's memory."""
        return max(self.training, self.between_steps + self.checkpoint)

    def __str__(self) -> str:
        """The total and its parts, for a line of output."""
        names = ("parameters", "gradients", "optimizer", "activations", "data")
        parts = ", ".join(f"{name} {amount(getattr(self, name))}" for name in names)
        return f"about {amount(self.total)}: {parts}; to save it {amount(self.checkpoint)}"


class NetworkCount(NamedTuple):
    """What a search's network needs apart from the size of batches."""

    weights: int
    """How many there are, without the parameters of the choices."""
    choices: int
    """Parameters of the choices."""
    around: int
    """Weights that every pass uses."""
    used: int
    """Most weights that a pass uses."""
    channels: int
    """Of a face with all its priors, degraded and clean."""
    activations: Kept
    """The most that autograd keeps of a pass."""


def search_memory(config: SearchConfig, count: NetworkCount) -> SearchMemory:
    """Estimate the memory that one process of a search needs.

    Args:
        config: the search's.
        count: of its network, see `count_network`.
    """
    strategy, kept = STRATEGIES[config.strategy], count.activations
    draws = config.draws if strategy.samples else 1
    learning = min(count.weights, count.around + draws * (count.used - count.around)) + count.choices
    states = 2 if config.solver == "adam" else int(config.weight_momentum > 0)
    optimizer = states * count.weights + 2 * count.choices
    faces = config.batch_size // (config.devices * config.num_nodes)
    piece = faces // config.accumulate
    loaded = (2 if strategy.decides else 1) * (faces + READ_AHEAD * config.workers * piece)
    copied_weights = count.used * FLOAT // 2 if config.precision == "bfloat16" else 0
    return SearchMemory(
        parameters=FLOAT * (count.weights + count.choices),
        gradients=FLOAT * learning,
        optimizer=FLOAT * optimizer,
        activations=round(HELD * piece * kept.of_a_face) + kept.of_a_pass + copied_weights,
        data=FLOAT * (loaded + piece) * count.channels * config.size**2,
        checkpoint=FLOAT * CHECKPOINT_COPIES * (count.weights + count.choices + optimizer),
    )


def count_network(config: SearchConfig, prior_channels: Mapping[str, int]) -> NetworkCount:
    """Count what a search's network needs, without making its weights.

    Args:
        config: the search's.
        prior_channels: channels of each prior tensor in the data.

    Raises:
        MfpsError: as `build_search_network`.
    """
    with WithoutWeights():
        searched = build_search_network(config, prior_channels)
    weights, choices = (
        sum(parameter.numel() for parameter in parameters.values())
        for parameters in (searched.weights(), searched.architecture())
    )
    around, used = 0, weights
    if STRATEGIES[config.strategy].samples:
        costs = searched.costs(config.size)
        around, used = costs.constant.parameters, costs.greatest.parameters.cost.parameters
    channels = 6 + sum(prior_channels.values())
    return NetworkCount(weights, choices, around, used, channels, _activations(config, searched))


def _activations(config: SearchConfig, searched: SearchNetwork) -> Kept:
    """The most that autograd keeps of a pass.

    All parameters count as trained: the weights keep a little more than the architecture, and nearly the same.
    """
    strategy, network = STRATEGIES[config.strategy], searched.restorer.eval()
    degraded, clean = (torch.zeros(0, 3, config.size, config.size) for _ in range(2))
    priors = {
        name: torch.zeros(0, channels, config.size, config.size)
        for name, channels in network.config.prior_channels.items()
    }
    mixtures: dict[str, Mixture] = {}
    if strategy.samples:
        mixtures = {name: _one_path(space, strategy.decides) for name, space in searched.spaces.items()}
        mixtures = {name: mixtures[name] for name in searched.supernets}

    def run() -> Tensor:
        outputs = network(degraded, priors, mixtures=mixtures)
        terms = restoration_loss([output.float() for output in outputs], clean, config.loss)
        return reduce(add, terms.values())

    dtype = torch.bfloat16 if config.precision == "bfloat16" else torch.float32
    return saved_activations(network, run, (degraded, clean, *priors.values()), dtype)


def _one_path(space: BranchSpace, weighed: bool) -> Mixture:
    """The architecture of a branch with the largest features.

    Args:
        space: the branch.
        weighed: whether its choices have weights that learn.
    """
    mixture = restriction(largest_features(space))
    one = torch.ones((), requires_grad=True) if weighed else 1.0
    return Mixture(
        {edge: dict.fromkeys(weights, one) for edge, weights in mixture.operations.items()},
        dict.fromkeys(mixture.transitions, one),
        dict.fromkeys(mixture.ends, one),
    )


def largest_features(space: BranchSpace) -> BranchGenotype:
    """The architecture of a branch with the largest features: convolutions alone, at the highest rates."""
    path = [space.start_rate]
    for rates in space.rates:
        path.append(max(rate for rate in rates if space.allows(path[-1], rate)))
    most = max(range(len(space.operations)), key=lambda place: len(CANDIDATES[space.operations[place]].convolutions))
    kind = np.zeros(len(space.operations), np.int64)
    kind[most] = KEPT_EDGES
    return branch_of(space, np.array(path[1:]), kind)


def amount(number_of_bytes: int) -> str:
    """Bytes in words: `1.3 GB`, `350 MB`."""
    if number_of_bytes >= 10**9:
        return f"{number_of_bytes / 1e9:.3g} GB"
    return f"{number_of_bytes / 1e6:.3g} MB"
