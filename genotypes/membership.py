"""Whether an architecture is part of a search space, and if not, what does not fit."""

from collections.abc import Mapping
from itertools import pairwise

from ..errors import MfpsError
from .backbone import BackboneSpace, fusion_share, share_of
from .branch_genotype import BranchGenotype
from .diff import branch_differences
from .genotype import Genotype
from .space import BRANCHES, BranchSpace

_REMEDY = "give a genotype of the space that was searched"


def check_in_space(
    genotype: Genotype,
    spaces: Mapping[str, BranchSpace],
    fixed: Mapping[str, BranchGenotype],
    where: str,
    backbones: BackboneSpace | None = None,
) -> None:
    """Refuse a genotype that a supernet does not contain.

    Args:
        genotype: the architecture.
        spaces: the space of every branch that the supernet's network has.
        fixed: the branches that the search held at a known architecture.
        where: the genotype's name, for the message.
        backbones: what the backbone may be, if the supernet has a choice of it.

    Raises:
        MfpsError: a branch is missing or too much, is held and differs, or is not in its space; or so is the backbone.
    """
    for name in BRANCHES:
        if (name in genotype.present) != (name in spaces):
            has = "has" if name in genotype.present else "lacks"
            raise MfpsError(f"{where}: {has} the branch {name}, and the supernet has {', '.join(spaces)}; {_REMEDY}")
    if departure := backbone_departure(genotype, backbones):
        raise MfpsError(f"{where}: {departure}; {_REMEDY}")
    for name, branch in genotype.present.items():
        if name not in fixed:
            if departure := departure_from(
                spaces[name], branch, fusion_share(genotype.backbone) if name == "fusion" else 1.0
            ):
                raise MfpsError(f"{where}: its {name} branch {departure}; {_REMEDY}")
        elif differences := branch_differences(name, fixed[name], branch):
            raise MfpsError(
                f"{where}: its {name} branch is not the one at which the search held it ({differences[0]}); "
                "give a genotype that has that branch"
            )


def backbone_departure(genotype: Genotype, backbones: BackboneSpace | None) -> str:
    """What about a genotype's backbone is not in a space, as a sentence; empty if all of it is.

    Args:
        genotype: the architecture.
        backbones: what its backbone may be; None if it may have none.
    """
    if backbones is None or genotype.backbone is None:
        if (genotype.backbone is None) == (backbones is None):
            return ""
        has, supernets = ("lacks a", "one") if genotype.backbone is None else ("has a", "none")
        return f"{has} backbone, and the genotypes of the supernet have {supernets}"
    departure = backbones.departure(genotype.backbone)
    return f"its backbone {departure}" if departure else ""


def departure_from(space: BranchSpace, branch: BranchGenotype, share: float = 1.0) -> str:
    """What about a branch is not in a space, as the rest of a sentence about it; empty if all of it is.

    Args:
        space: the branch's space.
        branch: its architecture.
        share: of the space's width that the branch is to have; see `fusion_share`.
    """
    least = space.least_layers or space.layers
    for what, has, wanted in (
        ("start rate", branch.start_rate, space.start_rate),
        ("width", branch.width, share_of(space.width, share)),
        ("number of layers", branch.layers, min(max(branch.layers, least), space.layers)),
    ):
        if has != wanted:
            several = f"{least} to {space.layers}" if what == "number of layers" and least < space.layers else wanted
            return f"has the {what} {has}, and the supernet's has {several}"
    for layer, (source, target) in enumerate(pairwise((branch.start_rate, *branch.path)), start=1):
        if not space.allows(source, target):
            return f"moves from rate {source} to {target} in layer {layer}, and the supernet's never moves down"
    for edge, operation in branch.operations.items():
        if operation not in space.operations:
            known = ", ".join(space.operations)
            return f"has {operation} on the edge {edge.source} -> {edge.target}, and the supernet's has only {known}"
    return ""
