"""Random architectures within a budget: drawn by counting in one resource, and refused by the others.

The costs of the branches are put on a grid. How many architectures of the remaining branches have which cost then says
with what probability each branch takes which cost, so that the sum is one that the budget may admit. As a grid only
knows costs roughly, what is drawn is counted exactly, and drawn again until the budget admits it.

Where the backbone is chosen too, architectures are not counted: they are drawn evenly over their cost (`even_draws`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from ..errors import MfpsError
from ..genotypes.backbone import Backbone
from ..genotypes.branch_genotype import BranchGenotype, CellEdge
from ..genotypes.space import EDGES, BranchSpace
from ..networks.cost import Cost
from .backbone_costs import BackboneCosts
from .budget import Budget, Resource
from .costs.branch_costs import BranchCosts
from .costs.cell_kinds import PAIRS, cell_kinds
from .costs.trellis_labels import Column, Labels, cell_costs, label_paths, rates_of, start_label
from .even_draws import even_architecture
from .space_costs import SpaceCosts

STEPS = 2**13
"""Steps of the grid between the least and the greatest cost of a space."""

MOST_DRAWS = 20_000
"""Architectures that are drawn before the search for one within the budget is given up."""

MOST_EVEN_DRAWS = 1000
"""The same where they are drawn evenly over their cost, each the nearest of several."""

EVEN: tuple[Resource, ...] = ("flops", "nanoseconds")
"""The resources over which draws may be even; the first where limits narrow both alike."""

MOST_LAYERS = 12
"""Most layers of a branch whose paths are counted by both resources."""


def random_within(
    costs: SpaceCosts | BackboneCosts, budget: Budget, seed: int
) -> tuple[dict[str, BranchGenotype], Backbone | None]:
    """Draw an architecture from those of a space that lie within a budget.

    Each is as likely as any other. Where the backbone is chosen too, the draws are even over cost instead: over the
    logarithm of the FLOPs that the budget admits, or of the time if that is the narrower limit.

    Args:
        costs: of the space.
        budget: what the whole network may cost; see `resolve_budget`.
        seed: the same space, budget and seed give the same architecture.

    Returns:
        Every branch by name, those that are held included, and the backbone, if it is chosen.

    Raises:
        MfpsError: the seed is negative, a branch of a space that is counted has more than `MOST_LAYERS` layers, or none
            of many architectures lies within the budget, as happens if hardly any of the space does.
    """
    if seed < 0:
        raise MfpsError(f"seed is {seed}: a seed must not be negative, give 0 or a greater integer")
    rng = np.random.default_rng(seed)
    if isinstance(costs, BackboneCosts):
        return _even_within(costs, budget, rng)
    return _uniform_within(costs, budget, rng), None


def _even_within(
    costs: BackboneCosts, budget: Budget, rng: np.random.Generator
) -> tuple[dict[str, BranchGenotype], Backbone | None]:
    admitted: dict[Resource, _Admitted] = {
        resource: _Admitted.of(costs, budget, resource) for resource in costs.resources if resource in EVEN
    }
    resource = min(admitted, key=lambda one: admitted[one].share)
    low, high, share = admitted[resource]
    for _ in range(MOST_EVEN_DRAWS if share >= 0 else 0):
        drawn = even_architecture(costs.spaces, costs.backbones, costs.fixed, costs, rng, low, high, resource=resource)
        if budget.admits(costs.of(*drawn)):
            return drawn
    raise _not_found(budget, MOST_EVEN_DRAWS)


class _Admitted(NamedTuple):
    """The costs that a budget admits of those of a space, in one resource."""

    low: int | float
    high: int | float
    share: float
    """Of the space's range, on a logarithmic scale; below 0 if there are none."""

    @classmethod
    def of(cls, costs: BackboneCosts, budget: Budget, resource: Resource) -> "_Admitted":
        least, greatest = (getattr(getattr(ends, resource).cost, resource) for ends in (costs.least, costs.greatest))
        low, high = max(least, budget.limit(resource, -1)), min(greatest, budget.limit(resource, 1))
        if low > high:
            return cls(low, high, -1)
        return cls(low, high, math.log(high / low) / math.log(greatest / least) if greatest > least else 1)


def _not_found(budget: Budget, draws: int) -> MfpsError:
    return MfpsError(
        f"no architecture with {budget.describe()} was found in {draws:,} draws near these costs: hardly any of "
        "this space, or none, lies within the limits; widen them"
    )


def _uniform_within(costs: SpaceCosts, budget: Budget, rng: np.random.Generator) -> dict[str, BranchGenotype]:
    if deep := [name for name, space in costs.searched.items() if space.layers > MOST_LAYERS]:
        raise MfpsError(
            f"{deep[0]} has {costs.searched[deep[0]].layers} layers: architectures within a budget are drawn from "
            f"spaces of up to {MOST_LAYERS}"
        )
    counted = [_count(space, costs.branch_costs[name], costs.resources, rng) for name, space in costs.searched.items()]
    grids = [_Grid(resource, costs, budget, counted) for resource in costs.resources]
    grid = min(grids, key=lambda one: one.share)
    for _ in range(MOST_DRAWS if grid.share else 0):
        rows = grid.draw(rng)
        drawn = [one.architecture(row, rng) for one, row in zip(counted, rows, strict=True)]
        branches = dict(zip(costs.searched, drawn, strict=True))
        if budget.admits(costs.of(branches)):
            return costs.landmark(branches).branches
    raise _not_found(budget, MOST_DRAWS)


@dataclass(frozen=True)
class _Counted:
    """The paths and kinds of cells of a branch: (N,) what one pass costs, and how many architectures."""

    space: BranchSpace
    costs: Mapping[Resource, np.ndarray]
    counts: np.ndarray
    paths: np.ndarray
    kinds: np.ndarray

    def architecture(self, row: int, rng: np.random.Generator) -> BranchGenotype:
        """An architecture of a row; its cell is drawn uniformly from those of its kind."""
        path, kind = divmod(row, len(self.kinds))
        edges = [edge for pairs in PAIRS for edge in pairs[rng.integers(len(pairs))]]
        names = rng.permutation(np.repeat(self.space.operations, self.kinds[kind])).tolist()
        cell = [CellEdge.of(EDGES[edge], name) for edge, name in zip(edges, names, strict=True)]
        rates = rates_of(self.paths[path])
        return BranchGenotype(start_rate=self.space.start_rate, width=self.space.width, path=rates, cell=cell)  # pyright: ignore[reportArgumentType]


def _count(space: BranchSpace, costs: BranchCosts, resources: Sequence[Resource], rng: np.random.Generator) -> _Counted:
    """Count a branch's architectures by cost. Of the paths that cost the same, one is drawn uniformly."""

    def merged(labels: Labels) -> Labels:
        order = np.lexsort(labels.costs.T[::-1])
        costs, values = labels.costs[order], labels.values[order]
        first = np.flatnonzero(np.r_[True, (costs[1:] != costs[:-1]).any(1)])
        # The one whose share of the group's paths a uniform number falls into.
        below, totals = values.cumsum(), np.add.reduceat(values, first)
        ticket = below[first] - values[first] + rng.integers(totals)
        return Labels(costs[first], totals, labels.paths[order[below.searchsorted(ticket, side="right")]])

    many = len(space.operations)
    columns = [Column(Cost._fields.index(resource), 1) for resource in resources]
    labels = label_paths(space, costs, columns, start_label(len(columns) * many, 1), merged)
    kinds = cell_kinds(many)
    spent = [cell_costs(part, kinds.counts).ravel() for part in np.hsplit(labels.costs, len(resources))]
    counts = np.multiply.outer(labels.values, kinds.cells).ravel()
    return _Counted(space, dict(zip(resources, spent, strict=True)), counts, labels.paths, kinds.counts)


class _Grid:
    """The costs of all branches in one resource, on a grid.

    Attributes:
        share: of all architectures, those whose cost on the grid the budget may admit.
    """

    def __init__(self, resource: Resource, costs: SpaceCosts, budget: Budget, counted: Sequence[_Counted]) -> None:
        spent = [one.costs[resource] * costs.column(one.space.name, resource).factor for one in counted]
        least = [int(values.min()) for values in spent]
        step = max(sum(int(values.max()) for values in spent) - sum(least), 1) / STEPS
        rounded = [((values - low) // step).astype(np.intp) for values, low in zip(spent, least, strict=True)]
        self.orders = [positions.argsort(kind="stable") for positions in rounded]
        """Rows of each branch by their position on the grid."""
        self.below = [one.counts[order].cumsum() for one, order in zip(counted, self.orders, strict=True)]
        self.starts = [
            positions[order].searchsorted(np.arange(positions.max() + 2))
            for positions, order in zip(rounded, self.orders, strict=True)
        ]
        """Where each position's rows start."""
        shares = [np.bincount(p, one.counts) / one.counts.sum() for p, one in zip(rounded, counted, strict=True)]
        self.shares = shares
        self.rests = list(accumulate(shares[:0:-1], np.convolve, initial=np.ones(1)))[::-1]
        """For each branch, the shares of the sums of all branches after it."""
        self.sums = np.convolve(shares[0], self.rests[0])
        # Positions are rounded down, so a sum at one of them costs up to a step more for each branch.
        fixed = getattr(costs.constant, resource) + sum(least)
        exact = fixed + np.arange(len(self.sums)) * step
        low, high = budget.limit(resource, -1), budget.limit(resource, 1)
        self.sums = np.where((exact <= high) & (exact + len(shares) * step >= low), self.sums, 0)
        self.share = float(self.sums.sum())

    def draw(self, rng: np.random.Generator) -> list[int]:
        """A row of each branch, so that their sum on the grid is one that the budget may admit."""
        left = _pick(self.sums, rng)
        rows: list[int] = []
        for branch, (share, rest) in enumerate(zip(self.shares, self.rests, strict=True)):
            first = max(left - len(rest) + 1, 0)
            position = first + _pick(share[first : left + 1] * rest[left - first :: -1][: len(share) - first], rng)
            left -= position
            start, end = self.starts[branch][position : position + 2]
            below = self.below[branch]
            before = below[start - 1] if start else 0
            ticket = before + rng.integers(below[end - 1] - before)
            rows.append(int(self.orders[branch][below.searchsorted(ticket, side="right")]))
        return rows


def _pick(weights: np.ndarray, rng: np.random.Generator) -> int:
    """A position, drawn in proportion to the weights."""
    below = weights.cumsum()
    return int(below.searchsorted(rng.random() * below[-1], side="right"))
