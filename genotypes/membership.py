"""Whether an architecture is part of a search space, and if not, what does not fit."""

from collections.abc import Mapping
from itertools import pairwise

from ..errors import MfpsError
from .branch_genotype import BranchGenotype
from .diff import branch_differences
from .genotype import Genotype
from .space import BRANCHES, BranchSpace

_REMEDY = "give a genotype of the space that was searched"


def check_in_space(
    genotype: Genotype, spaces: Mapping[str, BranchSpace], fixed: Mapping[str, BranchGenotype], where: str
) -> None:
    """Refuse a genotype that a supernet does not contain.

    Args:
        genotype: the architecture.
        spaces: the space of every branch that the supernet's network has.
        fixed: the branches that the search held at a known architecture.
        where: the genotype's name, for the message.

    Raises:
        MfpsError: a branch is missing or too much, is held and differs, or is not in its space.
    """
    for name in BRANCHES:
        if (name in genotype.present) != (name in spaces):
            has = "has" if name in genotype.present else "lacks"
            raise MfpsError(f"{where}: {has} the branch {name}, and the supernet has {', '.join(spaces)}; {_REMEDY}")
    for name, branch in genotype.present.items():
        if name not in fixed:
            if departure := departure_from(spaces[name], branch):
                raise MfpsError(f"{where}: its {name} branch {departure}; {_REMEDY}")
        elif differences := branch_differences(name, fixed[name], branch):
            raise MfpsError(
                f"{where}: its {name} branch is not the one at which the search held it ({differences[0]}); "
                "give a genotype that has that branch"
            )


def departure_from(space: BranchSpace, branch: BranchGenotype) -> str:
    """What about a branch is not in a space, as the rest of a sentence about it; empty if all of it is.

    Args:
        space: the branch's space.
        branch: its architecture.
    """
    for what, has, wanted in (
        ("start rate", branch.start_rate, space.start_rate),
        ("width", branch.width, space.width),
        ("number of layers", branch.layers, space.layers),
    ):
        if has != wanted:
            return f"has the {what} {has}, and the supernet's has {wanted}"
    for layer, (source, target) in enumerate(pairwise((branch.start_rate, *branch.path)), start=1):
        if not space.allows(source, target):
            return f"moves from rate {source} to {target} in layer {layer}, and the supernet's never moves down"
    for edge, operation in branch.operations.items():
        if operation not in space.operations:
            known = ", ".join(space.operations)
            return f"has {operation} on the edge {edge.source} -> {edge.target}, and the supernet's has only {known}"
    return ""
