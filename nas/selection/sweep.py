"""Every path of a branch with the rest of the best genotype: paths are few enough to try them all."""

import numpy as np

from ...genotypes.genotype import Genotype
from ...genotypes.sampling import count_continuations, random_path
from ...genotypes.space import BranchSpace, End
from .candidates import Candidates
from .variation import with_path

MAX_PATHS = 20_000
"""A branch with more paths, one of eleven layers or more, is represented by this many random ones."""


def number_of_paths(space: BranchSpace) -> int:
    """How many legal paths a branch has, without listing them."""
    first = count_continuations(space)[0]
    return sum(n for rate, n in first.items() if space.allows(space.start_rate, rate))


def paths_of(space: BranchSpace, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """All legal paths of a branch, sorted, or `MAX_PATHS` random ones of more.

    Args:
        space: the branch.
        rng: the source of randomness; it is advanced if there are more.
    """
    if number_of_paths(space) > MAX_PATHS:
        return sorted({random_path(space, rng) for _ in range(MAX_PATHS)})
    paths: list[tuple[int, ...]] = [()]
    ended: list[tuple[int, ...]] = []
    for layer, rates in enumerate(space.rates):
        paths = [(*path, rate) for path in paths for rate in rates if space.allows((space.start_rate, *path)[-1], rate)]
        ended += [path for path in paths if End(layer, path[-1]) in space.ends]
    return ended


def swept_paths(
    candidates: Candidates, branch: str, base: Genotype, limit: int | None, rng: np.random.Generator
) -> list[Genotype]:
    """The genotypes within the budget that differ from another one only in the path of one branch, by ascending cost.

    Args:
        candidates: the space and the budget.
        branch: whose path differs.
        base: what all else is taken from.
        limit: how many at most, spaced evenly over the order of cost; None for all.
        rng: the source of randomness; see `paths_of`.
    """
    space, held = candidates.spaces[branch], {name: base.present[name] for name in candidates.searched}
    found = [
        candidates.genotype({**held, branch: with_path(space, held[branch], path)}, base.backbone)
        for path in paths_of(space, rng)
    ]
    costs = [candidates.cost(genotype) for genotype in found]
    order = sorted(range(len(found)), key=lambda i: (costs[i].flops, costs[i].parameters, i))
    within = [found[i] for i in order if candidates.budget.admits(costs[i])]
    if limit is None or limit >= len(within):
        return within
    return [within[i] for i in np.unique(np.linspace(0, len(within) - 1, limit).round().astype(int)).tolist()]
