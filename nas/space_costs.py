"""What every architecture of a search space costs, exactly, without building its network.

A whole network costs a constant rest plus the sum over its branches: a branch's parameters once, its FLOPs in each
iteration in which it is computed, and so its time where a table of latencies is given.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from ..errors import MfpsError
from ..genotypes.backbone import Backbone, share_of
from ..genotypes.branch_genotype import BranchGenotype
from ..genotypes.space import BranchSpace, cell_width
from ..networks.cost import Cost
from ..networks.network_config import NetworkConfig
from ..networks.restorer import STRIDE
from .budget import Resource
from .costs.best_combination import combined
from .costs.branch_choices import branch_choices
from .costs.branch_costs import BranchCosts, added
from .costs.branch_table import BranchTable, branch_table
from .costs.cell_kinds import KEPT_EDGES
from .costs.cost_distribution import CostDistribution, branch_of, cost_distribution, median_cost, nearest_architecture
from .costs.counted_resources import counted, front_costs, measured_resources
from .costs.network_rest import rest_of, whole_fusion_width
from .costs.parts import PartTimes, runs_of
from .costs.trellis_labels import Column, Labels, label_paths, start_label

MAX_COUNTED_LAYERS = 16
"""Most layers of a branch whose architectures are counted by cost."""


class Landmark(NamedTuple):
    """An architecture that stands for a space because of its cost.

    Attributes:
        cost: of the whole network.
        branches: the architecture, with the branches that are held.
        backbone: the layers around its paths, where these are chosen too.
    """

    cost: Cost
    branches: dict[str, BranchGenotype]
    backbone: Backbone | None = None


class Landmarks(NamedTuple):
    """An architecture for each resource: the one with the least parameters and the one with the least FLOPs, say.

    None stands for time where no table of latencies is given.
    """

    parameters: Landmark
    flops: Landmark
    nanoseconds: Landmark | None = None


class SpaceCosts:
    """The costs of a space's architectures as whole networks, for one face.

    Args:
        spaces: every branch of the network, by name.
        config: the network apart from its paths.
        size: side of the face in pixels, a multiple of 8.
        fixed: branches that are held at an architecture; the others are searched.
        backbone: how deep and wide the layers around the paths are; by default as `config` says, and whole.
        times: of the parts of these networks; without them nothing takes any time.

    Raises:
        MfpsError: the size is not a positive multiple of 8, or the priors of `config` are not those of `spaces`.
    """

    def __init__(
        self,
        spaces: Mapping[str, BranchSpace],
        config: NetworkConfig,
        size: int,
        fixed: Mapping[str, BranchGenotype] | None = None,
        backbone: Backbone | None = None,
        times: PartTimes | None = None,
    ) -> None:
        if size < STRIDE or size % STRIDE:
            raise MfpsError(
                f"`size` is {size}: the side of a face is a positive multiple of {STRIDE} pixels, such as 128"
            )
        self.config, self.size, self.fixed, self.backbone = config, size, dict(fixed or {}), backbone
        self.resources = measured_resources(times)
        """What of these costs is known."""
        whole = whole_fusion_width(spaces)
        entries = {n: whole if n == "fusion" else cell_width(s.width, s.start_rate) for n, s in spaces.items()}
        if backbone is not None and backbone.fusion is not None:
            spaces = {**spaces, "fusion": replace(spaces["fusion"], width=share_of(whole, backbone.fusion))}
        self.searched = {name: space for name, space in spaces.items() if name not in self.fixed}
        """The branches that are searched."""
        self.branch_costs = {
            name: BranchCosts(space.start_rate, space.width, size, entries[name], times, config.norm_sets(name))
            for name, space in spaces.items()
        }
        """What the parts of each branch cost."""
        self.runs = {name: runs_of(name, config.iterations) for name in spaces}
        """Iterations in which each branch is computed."""
        self.rest = rest_of(spaces, config, size, backbone, times)
        """What the network costs without its paths."""
        self.constant = added(self.rest, *(self.branch(name, branch) for name, branch in self.fixed.items()))
        """What every architecture costs: the rest, and the branches that are held."""
        self.table = cache(self._table)
        """`table(name, resource)`: what the parts of a searched branch cost, in one pass."""

    def branch(self, name: str, branch: BranchGenotype) -> Cost:
        """What one branch adds to the network's cost, in all iterations."""
        known = self.branch_costs[name]
        if branch.width != known.width:
            raise MfpsError(f"{name} has width {branch.width}, but its costs are counted for width {known.width}")
        cost, runs = known.of(branch), self.runs[name]
        return Cost(cost.parameters, cost.flops * runs, cost.nanoseconds * runs)

    def of(self, branches: Mapping[str, BranchGenotype], backbone: Backbone | None = None) -> Cost:
        """The cost of an architecture as a whole network, in all iterations.

        Args:
            branches: at least the branches that are searched; those that are held cost what they are held at.
            backbone: the one that these costs are counted for; None says the same.

        Raises:
            MfpsError: a branch is missing or has another width, or the backbone is another one.
        """
        if backbone not in (None, self.backbone):
            raise MfpsError("the architecture has a backbone of its own: its cost is not that of this network")
        if missing := [name for name in self.searched if name not in branches]:
            raise MfpsError(f"the architecture has no {missing[0]} branch: its cost is not that of this network")
        return added(self.constant, *(self.branch(name, branches[name]) for name in self.searched))

    def column(self, name: str, resource: Resource, sign: int = 1) -> Column:
        """How a branch's share of a resource is counted; with sign -1, what is large counts as small."""
        return Column(Cost._fields.index(resource), sign * (1 if resource == "parameters" else self.runs[name]))

    def _table(self, name: str, resource: Resource) -> BranchTable:
        return branch_table(self.searched[name], self.branch_costs[name], resource)

    @cached_property
    def least(self) -> Landmarks:
        """The cheapest architectures, exactly; among those alike in one resource, the cheapest in the other."""
        return self._landmarks(lambda resource: self._extreme(resource, 1))

    @cached_property
    def greatest(self) -> Landmarks:
        """The most expensive architectures, exactly; among those alike in one resource, by the other."""
        return self._landmarks(lambda resource: self._extreme(resource, -1))

    @cached_property
    def median(self) -> Landmarks:
        """Architectures of median cost, each architecture of the space counting once.

        Exact for one branch. For several the cost is that of an architecture near the median, which is computed on a
        grid: `median_cost` and `nearest_architecture` say how near.

        Raises:
            MfpsError: a branch has too many layers for counting.
        """
        return self._landmarks(self._median)

    def front(self, flops: int = 1, parameters: int = 1, nanoseconds: int = 0) -> list[Cost]:
        """The costs of the architectures that no other one undercuts in all the resources that count, exactly.

        Args:
            flops: 1 if few FLOPs are wanted, -1 if many, 0 if they do not count.
            parameters: likewise.
            nanoseconds: likewise.

        Returns:
            The costs, with 0 for what does not count.

        Raises:
            TooManyError: there are too many, as happens where few of one are wanted and many of the other.
        """
        signs = counted(flops, parameters, nanoseconds)
        parts = [
            branch_choices(space, self.branch_costs[name], [self.column(name, *sign) for sign in signs]).options
            for name, space in self.searched.items()
        ]
        anything = np.array([np.iinfo(np.int64).max] * len(signs))
        return front_costs(combined(parts, anything).costs, signs, self.constant)

    def landmark(self, branches: Mapping[str, BranchGenotype]) -> Landmark:
        """An architecture of the searched branches, completed by those that are held, with its cost."""
        whole = {name: branches[name] if name in self.searched else self.fixed[name] for name in self.branch_costs}
        return Landmark(self.of(whole), whole, self.backbone)

    def _landmarks(self, found: Callable[[Resource], Landmark]) -> Landmarks:
        return Landmarks(**{resource: found(resource) for resource in self.resources})

    def _extreme(self, resource: Resource, sign: int) -> Landmark:
        order: tuple[Resource, ...] = (resource, *(other for other in self.resources if other != resource))
        branches: dict[str, BranchGenotype] = {}
        for name, space in self.searched.items():
            columns = [self.column(name, each, sign) for each in order]
            branches[name] = cheapest_branch(space, self.branch_costs[name], columns)
        return self.landmark(branches)

    def _median(self, resource: Resource) -> Landmark:
        counted: dict[tuple[BranchSpace, Column], CostDistribution] = {}
        distributions: list[CostDistribution] = []
        for name, space in self.searched.items():
            if space.layers > MAX_COUNTED_LAYERS:
                raise MfpsError(
                    f"{name} has {space.layers} layers: the median cost is counted for up to {MAX_COUNTED_LAYERS}"
                )
            column = self.column(name, resource)
            # Branches that start at the same rate and are alike otherwise cost the same.
            alike = replace(space, name=next(n for n, s in self.searched.items() if _cost_alike(s, space))), column
            if alike not in counted:
                counted[alike] = cost_distribution(space, self.branch_costs[name], column)
            distributions.append(counted[alike])
        nearest = nearest_architecture(distributions, median_cost(distributions))
        return self.landmark(dict(zip(self.searched, nearest, strict=True)))


def cheapest_branch(space: BranchSpace, costs: BranchCosts, columns: list[Column]) -> BranchGenotype:
    """The branch that costs least in the first column and, among those that are alike in it, in the next.

    A path is cheapest with a cell of one operation, as what it costs is linear in the numbers of operations.

    Args:
        space: the branch.
        costs: what its parts cost.
        columns: the resources.
    """

    def first(labels: Labels) -> Labels:
        return labels.chosen(np.lexsort(labels.costs.T[::-1])[:1])

    found: list[tuple[list[int], int, np.ndarray]] = []
    for position, operation in enumerate(space.operations):
        alone = replace(space, operations=(operation,))
        best = label_paths(alone, costs, columns, start_label(len(columns), 0), first)
        found.append((best.costs[0].tolist(), position, best.paths[0]))
    _, position, path = min(found, key=lambda one: one[:2])
    kind = np.zeros(len(space.operations), np.int64)
    kind[position] = KEPT_EDGES
    return branch_of(space, path, kind)


def _cost_alike(one: BranchSpace, other: BranchSpace) -> bool:
    return one.start_rate == other.start_rate and replace(one, name=other.name) == other
