"""The cost that a supernet expects of its derived network: differentiable in the probabilities of all choices.

The transitions into a cell share a softmax, so the probability that a path runs through a cell is computed backwards
from the end: it is the sum, over the cells it can lead to, of their probability times the transition's weight.
Source: design after FBNet and ProxylessNAS (expected latency); here for parameters and FLOPs.
"""

from typing import NamedTuple

from ..genotypes.space import OUTPUT_NODES, RATES, BranchSpace, cell_channels, cell_width
from ..networks.cell import Weight
from ..networks.operations import CANDIDATES
from ..networks.path import Mixture, input_channels


class ExpectedCost(NamedTuple):
    """Expected parameters, and expected FLOPs for one face (a multiplication and an addition count as two)."""

    parameters: Weight
    flops: Weight


def expected_cost(space: BranchSpace, mixture: Mixture, size: int) -> ExpectedCost:
    """Expected cost of a branch.

    For a genotype's mixture this is the cost of the genotype's fixed path. For softmaxes all nine edges of a cell are
    counted, though six are kept in the end.

    Args:
        space: the branch.
        mixture: the weights of its choices; with tensors the result is differentiable.
        size: side of the face in pixels.

    Returns:
        Parameters, and FLOPs for one face.
    """
    weighted = _weighted_convolutions(space, mixture)
    parameters: Weight = 0.0
    flops: Weight = 0.0
    for weight, kernel, channels_in, channels_out, rate, norm in weighted:
        products = kernel**2 * channels_in * channels_out
        side = size * rate // RATES[-1]
        parameters = parameters + weight * (products + (2 * channels_out if norm else 0))
        flops = flops + weight * (2 * products * side**2)
    return ExpectedCost(parameters, flops)


class _Convolution(NamedTuple):
    """A convolution and the probability that the derived network has it."""

    weight: Weight
    kernel: int
    channels_in: int  # seen by each channel out
    channels_out: int
    rate: int
    norm: bool


def _weighted_convolutions(space: BranchSpace, mixture: Mixture) -> list[_Convolution]:
    width, start = space.width, space.start_rate
    opening = cell_width(width, start)
    found = [_Convolution(1.0, 3, opening, OUTPUT_NODES * opening, start, True), *_head(space, mixture)]
    reached: dict[int, Weight] = dict(mixture.ends)
    for layer in reversed(range(space.layers)):
        earlier: dict[int, Weight] = {}
        for rate, mass in reached.items():
            target = cell_width(width, rate)
            for operations in mixture.operations.values():
                for name, weight in operations.items():
                    for kernel, depthwise, norm in CANDIDATES[name].convolutions:
                        channels = 1 if depthwise else target
                        found.append(_Convolution(mass * weight, kernel, channels, target, rate, norm))
            for transition in space.incoming(layer, rate):
                if transition not in mixture.transitions:
                    continue
                taken = mass * mixture.transitions[transition]
                channels = input_channels(width, start, layer - 1, transition.source)
                found += _projection(taken, channels, target, rate)
                for before, weight in _two_back(space, mixture, layer, transition.source):
                    channels = input_channels(width, start, layer - 2, before)
                    found += _projection(taken * weight, channels, target, rate)
                earlier[transition.source] = (
                    earlier[transition.source] + taken if transition.source in earlier else taken
                )
        reached = earlier
    return found


def _two_back(space: BranchSpace, mixture: Mixture, layer: int, rate: int) -> list[tuple[int, Weight]]:
    """The rates that s0 can come from, with their weights, given that s1 comes from `rate`."""
    if layer == 0:
        return [(space.start_rate, 1.0)]
    steps = [step for step in space.incoming(layer - 1, rate) if step in mixture.transitions]
    return [(step.source, mixture.transitions[step]) for step in steps]


def _projection(weight: Weight, channels: int, target: int, rate: int) -> list[_Convolution]:
    return [] if channels == target else [_Convolution(weight, 1, channels, target, rate, True)]


def _head(space: BranchSpace, mixture: Mixture) -> list[_Convolution]:
    width = space.width
    last = cell_channels(width, RATES[-1])
    found = [_Convolution(1.0, 1, last, last, RATES[-1], False)]
    for end, weight in mixture.ends.items():
        for rate in RATES[RATES.index(end) : -1]:
            found.append(
                _Convolution(weight, 1, cell_channels(width, rate), cell_channels(width, 2 * rate), rate, True)
            )
    return found
