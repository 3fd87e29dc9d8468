"""Whole architectures, drawn evenly: every network is trained as it will be derived.

Source: single path one-shot (Guo et al., 2020), and the strict fairness of FairNAS (Chu et al., 2021): in as many draws
as there are operations, each kept edge runs every operation once. The path is uniform over all paths, not over the
steps of a walk, which would favour the border of the trellis.

Where the layers around the paths are searched too, paths and backbone are drawn evenly over cost instead, since uniform
draws pile up in the middle, and its ends would hardly be trained.
"""

from ...genotypes.branch_genotype import BranchGenotype, CellEdge
from ...genotypes.sampling import random_cell, random_path
from ...genotypes.space import BranchSpace
from ...networks.path import Active
from ..search_network import SearchNetwork
from ..supernet import restriction
from .strategy import Draw


def active(searched: SearchNetwork, draw: Draw) -> Active:
    """One architecture of each searched branch, and one backbone where that is searched."""
    spaces = {name: path.space for name, path in searched.supernets.items()}
    if searched.backbones is None:
        return Active({name: restriction(fair_branch(space, draw)) for name, space in spaces.items()})
    drawn, backbone = searched.drawn_evenly(draw.rng("architecture"))
    mixtures = {name: restriction(fair_branch(space, draw, drawn[name])) for name, space in spaces.items()}
    return Active(mixtures, backbone)


def fair_branch(space: BranchSpace, draw: Draw, drawn: BranchGenotype | None = None) -> BranchGenotype:
    """Draw an architecture of a branch.

    As many consecutive draws as there are operations share the kept edges, and give each of them the operations in the
    order of a random permutation.

    Args:
        space: the branch.
        draw: which draw it is.
        drawn: has the path and the width; by default a path is drawn uniformly.
    """
    group, place = divmod(draw.number, len(space.operations))
    shared = draw.rng(f"{space.name} cell", group)
    cell = [
        CellEdge.of(kept.edge, space.operations[shared.permutation(len(space.operations))[place]])
        for kept in random_cell(space, shared)
    ]
    if drawn is not None:
        return drawn.model_copy(update={"cell": cell})
    path = random_path(space, draw.rng(f"{space.name} path"))
    return BranchGenotype(start_rate=space.start_rate, width=space.width, path=list(path), cell=cell)  # pyright: ignore[reportArgumentType]
