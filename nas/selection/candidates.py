"""What may be selected: the genotypes of a space whose networks are within a budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...errors import MfpsError
from ...genotypes.branch_genotype import BranchGenotype
from ...genotypes.genotype import GENOTYPE_SCHEMA, Branches, Genotype
from ...genotypes.membership import departure_from
from ...genotypes.space import BranchSpace
from ...networks.cost import Cost
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
    """

    spaces: Mapping[str, BranchSpace]
    fixed: Mapping[str, BranchGenotype]
    costs: SpaceCosts
    budget: Budget

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The branches in which genotypes differ."""
        return tuple(name for name in self.spaces if name not in self.fixed)

    def genotype(self, branches: Mapping[str, BranchGenotype]) -> Genotype:
        """The genotype of some branches and of the held ones."""
        return Genotype(schema=GENOTYPE_SCHEMA, name="unnamed", branches=Branches(**{**branches, **self.fixed}))

    def cost(self, genotype: Genotype) -> Cost:
        """The cost of the whole network."""
        return self.costs.of(genotype.present)

    def admits(self, genotype: Genotype) -> bool:
        """Whether the genotype's network is within the budget."""
        return self.budget.admits(self.cost(genotype))

    def holds(self, genotype: Genotype) -> bool:
        """Whether a genotype is one of this space: its branches, their layers, widths, moves and operations."""
        present = genotype.present
        return present.keys() == self.spaces.keys() and all(
            branch == self.fixed[name] if name in self.fixed else not departure_from(self.spaces[name], branch)
            for name, branch in present.items()
        )

    def random(self, rng: np.random.Generator) -> Genotype | None:
        """A random genotype within the budget, each with the same probability; None if many draws find none."""
        try:
            return self.genotype(random_within(self.costs, self.budget, int(rng.integers(2**31))))
        except MfpsError:
            return None
