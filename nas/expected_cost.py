"""The cost that a supernet expects of its derived network: differentiable in the probabilities of all choices.

The transitions into a cell share a softmax, so the probability that a path runs through a cell is computed backwards
from the end: it is the sum, over the cells it can lead to, of their probability times the transition's weight.
Source: design after FBNet and ProxylessNAS (expected latency); here for parameters and FLOPs.
"""

from typing import NamedTuple

from ..genotypes.space import BranchSpace
from ..networks.cell import Weight
from ..networks.cost import Cost
from ..networks.path import Mixture
from .costs.branch_costs import BranchCosts


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
    parameters: Weight = 0.0
    flops: Weight = 0.0
    for weight, cost in _weighted_parts(space, mixture, BranchCosts(space.start_rate, space.width, size)):
        parameters = parameters + weight * cost.parameters
        flops = flops + weight * cost.flops
    return ExpectedCost(parameters, flops)


def _weighted_parts(space: BranchSpace, mixture: Mixture, costs: BranchCosts) -> list[tuple[Weight, Cost]]:
    """Each part that the derived network may have, and the probability that it has it."""
    found: list[tuple[Weight, Cost]] = [(1.0, costs.opening)]
    found += [(weight, costs.end(end.rate)) for end, weight in mixture.ends.items()]
    later: dict[int, Weight] = {}
    for layer in reversed(range(space.layers)):
        reached = {end.rate: weight for end, weight in mixture.ends.items() if end.layer == layer}
        for rate, mass in later.items():
            reached[rate] = reached[rate] + mass if rate in reached else mass
        earlier: dict[int, Weight] = {}
        for rate, mass in reached.items():
            for operations in mixture.operations.values():
                found += [(mass * weight, costs.operation(name, rate)) for name, weight in operations.items()]
            for transition in space.incoming(layer, rate):
                if transition not in mixture.transitions:
                    continue
                source = transition.source
                taken = mass * mixture.transitions[transition]
                found.append((taken, costs.s1(source, rate)))
                for before, weight in _two_back(space, mixture, layer, source):
                    found.append((taken * weight, costs.s0(layer, before, rate)))
                earlier[source] = earlier[source] + taken if source in earlier else taken
        later = earlier
    return found


def _two_back(space: BranchSpace, mixture: Mixture, layer: int, rate: int) -> list[tuple[int, Weight]]:
    """The rates that s0 can come from, with their weights, given that s1 comes from `rate`."""
    if layer == 0:
        return [(space.start_rate, 1.0)]
    steps = [step for step in space.incoming(layer - 1, rate) if step in mixture.transitions]
    return [(step.source, mixture.transitions[step]) for step in steps]
