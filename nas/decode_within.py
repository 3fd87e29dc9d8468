"""From the supernet's probabilities to a genotype within a budget: resource-constrained Viterbi search, exact.

Paths and cells of all branches are chosen together. The budget is a filter; nothing is weighed against it.

Source: constrained shortest paths by labels with dominance (Joksch 1966; Desrochers and Soumis 1988).
"""

import math
from collections.abc import Mapping

import numpy as np

from ..errors import MfpsError
from ..genotypes.branch_genotype import BranchGenotype
from ..genotypes.decode import BranchProbabilities, choice_scores, decode_branch
from ..genotypes.space import BranchSpace
from .budget import RESOURCES, Budget, Resource
from .costs.best_combination import best_combination
from .costs.branch_choices import branch_choices
from .space_costs import SpaceCosts

LEAST_PROBABILITY = 1e-300
"""Stands for a probability of zero, so that of two such choices less is still worse than one."""


def decode_within(
    spaces: Mapping[str, BranchSpace],
    probabilities: Mapping[str, BranchProbabilities],
    fixed: Mapping[str, BranchGenotype],
    costs: SpaceCosts,
    budget: Budget,
) -> dict[str, BranchGenotype]:
    """Derive the architecture that the supernets prefer among those within a budget.

    An architecture is worth the sum over its branches of the path's score (see `genotypes.decode.path_score`) and the
    logarithms of the probabilities of the six kept operations. If the budget admits what `decode_branch` derives, that
    is the result. Otherwise, of architectures of equal worth, the one with the fewest FLOPs wins, then the one with the
    fewest parameters, as far as these are limited.

    Args:
        spaces: the space of every branch.
        probabilities: what the supernets of the searched branches believe.
        fixed: the branches that are held.
        costs: what architectures cost, with the same branches held.
        budget: what the whole network may cost.

    Returns:
        Every branch by name, those that are held included.

    Raises:
        MfpsError: no architecture lies within the budget; or it has a lower and an upper limit for the same resource,
            and the space has too many different costs to compare.
    """
    decoded = {name: decode_branch(spaces[name], probabilities[name]).genotype for name in probabilities}
    free = {name: decoded[name] if name in decoded else fixed[name] for name in spaces}
    if budget.admits(costs.of(free)):
        return free
    limits: list[tuple[Resource, int]] = [
        (r, sign) for r in RESOURCES for sign in (1, -1) if 0 < budget.limit(r, sign) < math.inf
    ]
    bounds = [sign * (budget.limit(resource, sign) - getattr(costs.constant, resource)) for resource, sign in limits]
    choices = {
        name: branch_choices(
            spaces[name],
            costs.branch_costs[name],
            [costs.column(name, resource, sign) for resource, sign in limits],
            np.log(np.maximum(believed.operations, LEAST_PROBABILITY)),
            choice_scores(spaces[name], believed, LEAST_PROBABILITY),
        )
        for name, believed in probabilities.items()
    }
    picks = best_combination([choice.options for choice in choices.values()], np.array(bounds))
    if picks is None:
        raise MfpsError(f"no architecture of this space has {budget.describe()}: relax the limits")
    found = {name: choice.architecture(pick) for (name, choice), pick in zip(choices.items(), picks, strict=True)}
    return {name: found[name] if name in found else fixed[name] for name in spaces}
