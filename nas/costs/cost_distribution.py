"""How many architectures of a branch cost how much, by exact counting, and the median cost of a whole network."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...genotypes.branch_genotype import BranchGenotype
from ...genotypes.space import BranchSpace
from .branch_costs import BranchCosts
from .cell_kinds import cell_kinds, cell_of_kind
from .trellis_labels import Column, Labels, cell_costs, label_paths, rates_of, start_label

GRID = 2**17
"""Steps between the least and the greatest cost on which the costs of several branches are added up."""

TRIALS = 1000
"""Draws of all branches but one, from which the combination nearest to a cost is taken."""


@dataclass(frozen=True)
class CostDistribution:
    """The costs of a branch's architectures, in one resource.

    Attributes:
        space: the branch.
        costs: (N,) integers, ascending; a cost may stand there more than once.
        counts: (N,) how many architectures stand behind each.
        order: (N,) which path and cell have it: the path's row times the number of kinds, plus the kind's row.
        paths: rates of each layer, a row each, with zeros behind the end.
        kinds: how many kept edges have which operation, a row each.
    """

    space: BranchSpace
    costs: np.ndarray
    counts: np.ndarray
    order: np.ndarray
    paths: np.ndarray
    kinds: np.ndarray

    def architecture(self, position: int) -> BranchGenotype:
        """One of the architectures that have the cost at a position."""
        path, kind = divmod(int(self.order[position]), len(self.kinds))
        return branch_of(self.space, self.paths[path], self.kinds[kind])


def branch_of(space: BranchSpace, path: np.ndarray, kind: np.ndarray) -> BranchGenotype:
    """The branch with a path and the first cell of a kind."""
    cell = cell_of_kind(kind.tolist(), space.operations)
    return BranchGenotype(start_rate=space.start_rate, width=space.width, path=rates_of(path), cell=cell)  # pyright: ignore[reportArgumentType]


def cost_distribution(space: BranchSpace, costs: BranchCosts, column: Column) -> CostDistribution:
    """Count a branch's architectures by their cost.

    Args:
        space: the branch.
        costs: what its parts cost.
        column: the resource.
    """
    labels = label_paths(space, costs, [column], start_label(len(space.operations), 1), _merged)
    kinds = cell_kinds(len(space.operations))
    found = cell_costs(labels.costs, kinds.counts).ravel()
    order = found.argsort(kind="stable")
    counts = np.multiply.outer(labels.values, kinds.cells).ravel()
    return CostDistribution(space, found[order], counts[order], order, labels.paths, kinds.counts)


def median_cost(distributions: Sequence[CostDistribution]) -> int:
    """The median of the sum of independent costs, each architecture of the whole network counting alike.

    Of one branch it is exact: the least cost that at least half of the architectures do not exceed. Of several it is
    computed on a grid of `GRID` steps, and differs from the exact one by at most half a step for each branch.
    """
    if len(distributions) == 1:
        (one,) = distributions
        below = one.counts.cumsum()
        return int(one.costs[below.searchsorted((below[-1] + 1) // 2)])
    from scipy.signal import fftconvolve  # it takes half a second to load

    least = [int(one.costs[0]) for one in distributions]
    spread = sum(int(one.costs[-1]) for one in distributions) - sum(least)
    step = max(spread / GRID, 1.0)
    together = np.ones(1)
    for one, lowest in zip(distributions, least, strict=True):
        positions = np.rint((one.costs - lowest) / step).astype(np.int64)
        shares = np.bincount(positions, one.counts / one.counts.sum())
        together = fftconvolve(together, shares)
    position = together.cumsum().searchsorted(0.5 * together.sum())
    return sum(least) + round(float(position) * step)


def nearest_architecture(distributions: Sequence[CostDistribution], cost: int) -> list[BranchGenotype]:
    """An architecture whose cost is near a given one; of one branch, the nearest of all.

    For several branches all but the one of the widest range are drawn `TRIALS` times, always the same; the last one is
    chosen to fit.

    Args:
        distributions: of each branch.
        cost: of all branches together.
    """
    widest = max(range(len(distributions)), key=lambda i: distributions[i].costs[-1] - distributions[i].costs[0])
    rng = np.random.default_rng(0)
    drawn = np.empty((TRIALS, len(distributions)), np.int64)
    missing = np.full(TRIALS, cost, np.int64)
    for i, one in enumerate(distributions):
        if i != widest:
            below = one.counts.cumsum()
            drawn[:, i] = below.searchsorted(rng.integers(below[-1], size=TRIALS), side="right")
            missing -= one.costs[drawn[:, i]]
    costs = distributions[widest].costs
    above = costs.searchsorted(missing).clip(1, max(len(costs) - 1, 1)).clip(max=len(costs) - 1)
    below = (above - 1).clip(min=0)
    drawn[:, widest] = np.where(missing - costs[below] <= costs[above] - missing, below, above)
    best = np.abs(costs[drawn[:, widest]] - missing).argmin()
    return [one.architecture(int(position)) for one, position in zip(distributions, drawn[best], strict=True)]


def _merged(labels: Labels) -> Labels:
    """One label for all paths that cost the same whatever the cell is, with their number."""
    order = np.lexsort(labels.costs.T[::-1])
    costs = labels.costs[order]
    first = np.flatnonzero(np.r_[True, (costs[1:] != costs[:-1]).any(1)])
    return Labels(costs[first], np.add.reduceat(labels.values[order], first), labels.paths[order[first]])
