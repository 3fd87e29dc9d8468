"""What the architectures of a space cost in which the layers around the paths are chosen too.

With one backbone the costs are those of `SpaceCosts`. Each choice of a backbone adds its own part to them, whatever the
others are. Only the fusion branch's share changes what a path costs as well. A larger option never has fewer parameters
or FLOPs; of time nothing is taken for granted.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import MfpsError
from ..genotypes.backbone import Backbone, BackboneSpace
from ..genotypes.branch_genotype import BranchGenotype
from ..genotypes.sampling import random_backbone, random_branch, with_fusion_share
from ..genotypes.space import BranchSpace
from ..networks.cost import Cost
from ..networks.network_config import NetworkConfig
from .budget import Resource
from .costs.best_combination import Options, combined
from .costs.branch_choices import branch_choices
from .costs.branch_costs import NOTHING, added
from .costs.counted_resources import counted, front_costs, measured_resources
from .costs.network_rest import rest_of, whole_fusion_width
from .costs.parts import PartTimes
from .space_costs import Landmark, Landmarks, SpaceCosts

MEDIAN_DRAWS = 1001
"""Random architectures whose median stands for that of a space with many backbones; odd, so that it is one of them."""


class BackboneCosts:
    """The costs of a space's architectures as whole networks, for one face, whatever their backbone.

    What callers ask of `SpaceCosts` they can ask of these.

    Args:
        spaces: every branch of the network by name, each as wide as it can be.
        config: the network apart from its paths.
        size: side of the face in pixels, a multiple of 8.
        backbones: what the backbone may be. A fusion branch that is held has a width of its own, which leaves only the
            shares that give it.
        fixed: branches that are held at an architecture.
        times: of the parts of these networks; without them nothing takes any time.

    Raises:
        MfpsError: as `SpaceCosts`; or no share of a fusion branch has the width of the one that is held.
    """

    def __init__(
        self,
        spaces: Mapping[str, BranchSpace],
        config: NetworkConfig,
        size: int,
        backbones: BackboneSpace,
        fixed: Mapping[str, BranchGenotype] | None = None,
        times: PartTimes | None = None,
    ) -> None:
        self.config, self.size, self.fixed, self._times = config, size, dict(fixed or {}), times
        self.resources = measured_resources(times)
        """What of these costs is known."""
        self.backbones = backbones
        if "fusion" in self.fixed:
            self.backbones = backbones.of_fusion_width(self.fixed["fusion"].width, whole_fusion_width(spaces))
        self.searched = {name: space for name, space in spaces.items() if name not in self.fixed}
        """The branches that are searched, each as wide as it can be."""
        self.spaces, self._at = dict(spaces), {}
        whole = self.backbones.whole
        rest = self.at(whole).rest
        self.parts: dict[str, dict[Any, Cost]] = {
            name: {option: self._saved(name, option, rest) for option in options}
            for name, options in self.backbones.choices.items()
        }
        """What the layers around the paths cost with each option of each choice, less what they do with the largest."""
        self.constant = added(
            self.at(whole).constant, *(next(iter(options.values())) for options in self.parts.values())
        )
        """What every architecture costs at least: the layers around the paths, and the branches that are held."""

    def at(self, backbone: Backbone) -> SpaceCosts:
        """The costs of the architectures that have a backbone."""
        if backbone not in self._at:
            self._at[backbone] = SpaceCosts(self.spaces, self.config, self.size, self.fixed, backbone, self._times)
        return self._at[backbone]

    def of_share(self, fusion: float | None) -> SpaceCosts:
        """The costs with the whole backbone, but for the share of the fusion branch."""
        return self.at(self.backbones.whole.model_copy(update={"fusion": fusion}))

    def saved(self, backbone: Backbone) -> Cost:
        """What a backbone costs less than the whole one that has its share of the fusion branch; not above 0."""
        return added(*(self.parts[name][getattr(backbone, name)] for name in self.parts if name != "fusion"))

    def of(self, branches: Mapping[str, BranchGenotype], backbone: Backbone | None = None) -> Cost:
        """The cost of an architecture as a whole network, in all iterations.

        Args:
            branches: at least the branches that are searched; those that are held cost what they are held at.
            backbone: the layers around the paths.

        Raises:
            MfpsError: a branch is missing or has another width, or the backbone is missing or not in the space.
        """
        if backbone is None:
            raise MfpsError("the architecture has no backbone: its cost is not that of a network of this space")
        if departure := self.backbones.departure(backbone):
            raise MfpsError(f"the backbone {departure}: its cost is not that of a network of this space")
        return added(self.of_share(backbone.fusion).of(branches), self.saved(backbone))

    @cached_property
    def least(self) -> Landmarks:
        """The cheapest architectures, exactly; among those alike in one resource, the cheapest in the other."""
        return self._landmarks(1)

    @cached_property
    def greatest(self) -> Landmarks:
        """The most expensive architectures, exactly; among those alike in one resource, by the other."""
        return self._landmarks(-1)

    @cached_property
    def median(self) -> Landmarks:
        """Those of median cost among `MEDIAN_DRAWS` architectures drawn uniformly, always the same."""
        rng = np.random.default_rng(0)
        drawn = [self.random(rng) for _ in range(MEDIAN_DRAWS)]

        def middle(resource: Resource) -> Landmark:
            return sorted(drawn, key=lambda one: getattr(one.cost, resource))[len(drawn) // 2]

        return Landmarks(**{resource: middle(resource) for resource in self.resources})

    def front(self, flops: int = 1, parameters: int = 1, nanoseconds: int = 0) -> list[Cost]:
        """As `SpaceCosts.front`, over all backbones.

        Args:
            flops: as there.
            parameters: as there.
            nanoseconds: as there.

        Raises:
            TooManyError: as there.
        """
        signs = counted(flops, parameters, nanoseconds)

        def of_branch(name: str, fusion: float | None) -> Options:
            costs = self.of_share(fusion)
            columns = [costs.column(name, *sign) for sign in signs]
            return branch_choices(costs.searched[name], costs.branch_costs[name], columns).options

        def beside(options: Options, cost: Cost) -> Options:
            return options._replace(costs=options.costs + [sign * getattr(cost, name) for name, sign in signs])

        nothing = Options(np.zeros(1), np.zeros((1, len(signs)), np.int64), np.zeros((1, 1), np.int64))
        parts = [of_branch(name, self.backbones.whole.fusion) for name in self.searched if name != "fusion"]
        for choice, options in self.parts.items():
            own = [
                beside(
                    of_branch("fusion", option) if choice == "fusion" and "fusion" in self.searched else nothing, cost
                )
                for option, cost in options.items()
            ]
            parts.append(Options(*(np.concatenate(arrays) for arrays in zip(*own, strict=True))).best())
        anything = np.array([np.iinfo(np.int64).max] * len(signs))
        found = combined(sorted(parts, key=lambda part: len(part.scores)), anything)
        return front_costs(found.costs, signs, self.at(self.backbones.whole).constant)

    def landmark(self, branches: Mapping[str, BranchGenotype], backbone: Backbone) -> Landmark:
        """An architecture of the searched branches, completed by those that are held, with its cost."""
        whole = {name: branches[name] if name in self.searched else self.fixed[name] for name in self.spaces}
        return Landmark(self.of(whole, backbone), whole, backbone)

    def random(self, rng: np.random.Generator) -> Landmark:
        """An architecture drawn uniformly, with its cost; `rng` is advanced."""
        backbone = random_backbone(self.backbones, rng)
        branches = {name: random_branch(space, rng) for name, space in self.searched.items()}
        if "fusion" in branches:
            branches = with_fusion_share(branches, backbone)
        return self.landmark(branches, backbone)

    def _saved(self, name: str, option: Any, rest: Cost) -> Cost:
        backbone = self.backbones.whole.model_copy(update={name: option})
        if backbone == self.backbones.whole:
            return NOTHING
        if name == "fusion":
            own = self.at(backbone).rest
        else:
            own = rest_of(self.spaces, self.config, self.size, backbone, self._times)
        return Cost(*(one - other for one, other in zip(own, rest, strict=True)))

    def _extreme_paths(self, share: float | None, resource: Resource, sign: int) -> dict[str, BranchGenotype]:
        """The branches that cost least with a share of the fusion branch, or with sign -1 most."""
        costs = self.of_share(share)
        return getattr(costs.least if sign > 0 else costs.greatest, resource).branches

    def _landmarks(self, sign: int) -> Landmarks:
        """The extreme architecture in each resource; among those alike in it, by the others in their order."""

        def spent(cost: Cost, resource: Resource) -> list[int]:
            return [sign * getattr(cost, each) for each in (resource, *(r for r in self.resources if r != resource))]

        def extreme(resource: Resource) -> Landmark:
            chosen = {
                name: min(options, key=lambda option: spent(options[option], resource))
                for name, options in self.parts.items()
            }
            shares = [Backbone(**{**chosen, "fusion": share}) for share in self.backbones.fusion]
            paths = [self._extreme_paths(b.fusion, resource, sign) for b in shares]
            found = [self.landmark(branches, backbone) for branches, backbone in zip(paths, shares, strict=True)]
            return min(found, key=lambda one: spent(one.cost, resource))

        return Landmarks(**{resource: extreme(resource) for resource in self.resources})


def space_costs(
    spaces: Mapping[str, BranchSpace],
    config: NetworkConfig,
    size: int,
    fixed: Mapping[str, BranchGenotype] | None = None,
    backbones: BackboneSpace | None = None,
    times: PartTimes | None = None,
) -> SpaceCosts | BackboneCosts:
    """The costs of a space's architectures, whether or not their backbones are chosen.

    Args:
        spaces: every branch of the network, by name.
        config: the network apart from its paths.
        size: side of the face in pixels, a multiple of 8.
        fixed: branches that are held at an architecture.
        backbones: what the backbone may be; None if all have the one of `config`.
        times: how long the parts take, if that is known.

    Raises:
        MfpsError: see `SpaceCosts` and `BackboneCosts`.
    """
    if backbones is None:
        return SpaceCosts(spaces, config, size, fixed, times=times)
    return BackboneCosts(spaces, config, size, backbones, fixed, times)
