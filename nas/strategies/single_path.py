"""Whole architectures, drawn evenly: every network is trained as it will be derived.

Source: single path one-shot (Guo et al., 2020), and the strict fairness of FairNAS (Chu et al., 2021): in as many draws
as there are operations, each kept edge runs every operation once. The path is uniform over all paths, not over the
steps of a walk, which would favour the border of the trellis.
"""

from ...genotypes.branch_genotype import BranchGenotype, CellEdge
from ...genotypes.sampling import random_cell, random_path
from ...genotypes.space import BranchSpace
from ...networks.path import Mixture
from ..search_network import SearchNetwork
from ..supernet import restriction
from .strategy import Draw


def mixtures(searched: SearchNetwork, draw: Draw) -> dict[str, Mixture]:
    """One architecture of each searched branch."""
    return {name: restriction(fair_branch(path.space, draw)) for name, path in searched.supernets.items()}


def fair_branch(space: BranchSpace, draw: Draw) -> BranchGenotype:
    """Draw an architecture of a branch.

    As many consecutive draws as there are operations share the kept edges, and give each of them the operations in the
    order of a random permutation.

    Args:
        space: the branch.
        draw: which draw it is.
    """
    group, place = divmod(draw.number, len(space.operations))
    shared = draw.rng(f"{space.name} cell", group)
    cell = [
        CellEdge.of(kept.edge, space.operations[shared.permutation(len(space.operations))[place]])
        for kept in random_cell(space, shared)
    ]
    path = random_path(space, draw.rng(f"{space.name} path"))
    return BranchGenotype(start_rate=space.start_rate, width=space.width, path=list(path), cell=cell)  # pyright: ignore[reportArgumentType]
