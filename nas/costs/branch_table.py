"""The costs of a branch's parts in one resource, as arrays.

Legend: R rates, O operations. A rate stands at its position in `RATES`, an operation at its position in the space.
"""

from typing import NamedTuple

import numpy as np

from ...genotypes.space import RATES, BranchSpace
from ...networks.cost import Cost
from ..budget import Resource
from .branch_costs import BranchCosts


class BranchTable(NamedTuple):
    """What a branch's parts cost in one pass; 0 for what no path of the space has.

    Attributes:
        opening: of every path.
        steps: (2, R, R, R) bringing both inputs to a cell in the first layer, and in any later one: from the rates two
            layers back and one layer back, to that of the cell.
        operations: (O, R) an edge of a cell with that operation.
        ends: (R,) the head, from the rate of the last cell.
    """

    opening: int
    steps: np.ndarray
    operations: np.ndarray
    ends: np.ndarray


def branch_table(space: BranchSpace, costs: BranchCosts, resource: Resource) -> BranchTable:
    """The table of a branch.

    Args:
        space: the branch.
        costs: what its parts cost.
        resource: the one that is wanted.
    """

    def spent(cost: Cost) -> int:
        return getattr(cost, resource)

    place = RATES.index
    steps = np.zeros((2, len(RATES), len(RATES), len(RATES)), np.int64)
    operations = np.zeros((len(space.operations), len(RATES)), np.int64)
    ends = np.zeros(len(RATES), np.int64)
    for layer, source, target in space.transitions:
        later = min(layer, 1)
        befores = [t.source for t in space.incoming(layer - 1, source)] if layer > 1 else [space.start_rate]
        for before in befores:
            step = spent(costs.s0(later, before, target)) + spent(costs.s1(source, target))
            steps[later, place(before), place(source), place(target)] = step
        operations[:, place(target)] = [spent(costs.operation(name, target)) for name in space.operations]
    for end in space.ends:
        ends[place(end.rate)] = spent(costs.end(end.rate))
    return BranchTable(spent(costs.opening), steps, operations, ends)
