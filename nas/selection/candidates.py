"""What may be selected: the genotypes of a space whose networks are within a budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...errors import MfpsError
from ...genotypes.backbone import Backbone, BackboneSpace
from ...genotypes.branch_genotype import BranchGenotype
from ...genotypes.genotype import Genotype
from ...genotypes.membership import check_in_space
from ...genotypes.sampling import with_fusion_share
from ...genotypes.space import BranchSpace
from ...networks.cost import Cost
from ..backbone_costs import BackboneCosts
from ..budget import Budget
from ..random_within import random_within
from ..space_costs import SpaceCosts


@dataclass(frozen=True)
class Candidates:
    """The genotypes of a space, some of which are within a budget.

    Attributes:
        spaces: the space of every branch.
        fixed: the branches that are held at a known architecture.
        costs: the cost of the whole network of each genotype.
        budget: the limits on that cost.
        backbones: what the layers around the paths may be, if that is searched.
    """

    spaces: Mapping[str, BranchSpace]
    fixed: Mapping[str, BranchGenotype]
    costs: SpaceCosts | BackboneCosts
    budget: Budget
    backbones: BackboneSpace | None = None

    @property
    def whole(self) -> Backbone | None:
        """The deepest and widest backbone, where that is searched."""
        return None if self.backbones is None else self.backbones.whole

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The branches in which genotypes differ."""
        return tuple(name for name in self.spaces if name not in self.fixed)

    def genotype(self, branches: Mapping[str, BranchGenotype], backbone: Backbone | None = None) -> Genotype:
        """The genotype of some branches and of the held ones; where the backbone is searched, by default the whole one.

        A searched fusion branch is made as wide as the backbone says.
        """
        if self.backbones is None:
            return Genotype.of({**branches, **self.fixed})
        backbone = backbone or self.backbones.whole
        if "fusion" in self.searched:
            whole = branches["fusion"].model_copy(update={"width": self.spaces["fusion"].width})
            branches = with_fusion_share({**branches, "fusion": whole}, backbone)
        return Genotype.of({**branches, **self.fixed}, backbone)

    def cost(self, genotype: Genotype) -> Cost:
        """The cost of the whole network."""
        return self.costs.of(genotype.present, genotype.backbone)

    def admits(self, genotype: Genotype) -> bool:
        """Whether the genotype's network is within the budget."""
        return self.budget.admits(self.cost(genotype))

    def holds(self, genotype: Genotype) -> bool:
        """Whether a genotype is one of this space: its branches, their layers, widths, moves, operations, backbone."""
        try:
            check_in_space(genotype, self.spaces, self.fixed, genotype.name, self.backbones)
        except MfpsError:
            return False
        return True

    def random(self, rng: np.random.Generator) -> Genotype | None:
        """A random genotype within the budget; None if many draws find none.

        Each is as likely as any other; where the backbone is searched, costs are instead.
        """
        try:
            return self.genotype(*random_within(self.costs, self.budget, int(rng.integers(2**31))))
        except MfpsError:
            return None
