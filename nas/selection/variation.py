"""New genotypes from known ones: two are crossed, one is changed in a few places. All stay in their space."""

from collections.abc import Callable, Sequence

import numpy as np

from ...genotypes.backbone import Backbone
from ...genotypes.branch_genotype import BranchGenotype, CellEdge
from ...genotypes.genotype import Genotype
from ...genotypes.sampling import random_backbone, random_cell, random_path
from ...genotypes.space import EDGES, NODES, RATES, BranchSpace
from .candidates import Candidates

SHARE_ANEW = 0.1
"""How often a change draws a whole path or cell, so that every genotype can follow from every other."""

BACKBONE = "backbone"
"""Where a change is made that is in no branch."""

CHANGES = (0.5, 0.3, 0.2)
"""Probabilities of one, two and three changes."""


def crossed(candidates: Candidates, one: Genotype, other: Genotype, rng: np.random.Generator) -> list[Genotype]:
    """Two genotypes that share out two others: of each branch the path, and the edges into each node.

    Args:
        candidates: the space.
        one: the first parent.
        other: the second parent.
        rng: the source of randomness; it is advanced.
    """
    children: list[dict[str, BranchGenotype]] = [{}, {}]
    backbones: list[Backbone | None] = [one.backbone, other.backbone]
    for name in candidates.searched:
        parents = one.present[name], other.present[name]
        takes = rng.integers(2, size=1 + len(NODES)).tolist()
        for swap, child in enumerate(children):
            path = list(parents[takes[0] ^ swap].path)
            cell = [
                kept
                for node, take in zip(NODES, takes[1:], strict=True)
                for kept in parents[take ^ swap].cell
                if kept.target == node
            ]
            child[name] = _branch(candidates.spaces[name], path, cell)
    if one.backbone is not None and other.backbone is not None:
        mixed = [(name, rng.integers(2)) for name in Backbone.model_fields]
        for swap in range(2):
            sources = {name: (one.backbone, other.backbone)[take ^ swap] for name, take in mixed}
            backbones[swap] = Backbone(**{name: getattr(source, name) for name, source in sources.items()})
    return [candidates.genotype(child, backbone) for child, backbone in zip(children, backbones, strict=True)]


def mutated(candidates: Candidates, genotype: Genotype, rng: np.random.Generator) -> Genotype:
    """A genotype that differs from another one in one to three places.

    Args:
        candidates: the space.
        genotype: the other one.
        rng: the source of randomness; it is advanced.
    """
    branches, backbone = {name: genotype.present[name] for name in candidates.searched}, genotype.backbone
    places = candidates.searched if backbone is None else (*candidates.searched, BACKBONE)
    for _ in range(1 + int(rng.choice(len(CHANGES), p=CHANGES))):
        name = places[rng.integers(len(places))]
        if name == BACKBONE:
            backbone = _change_backbone(candidates, backbone, rng)
            continue
        change = _KINDS[rng.integers(len(_KINDS))]
        branches[name] = change(candidates.spaces[name], branches[name], rng)
    return candidates.genotype(branches, backbone)


def with_path(space: BranchSpace, branch: BranchGenotype, path: Sequence[int]) -> BranchGenotype:
    """A branch with another path and its own cell."""
    return _branch(space, path, branch.cell)


def _move_path(space: BranchSpace, branch: BranchGenotype, rng: np.random.Generator) -> BranchGenotype:
    """Another rate in one layer, a layer more or less where a path may have that, or another path."""
    layer = int(rng.integers(branch.layers))
    moved = [[*branch.path[:layer], rate, *branch.path[layer + 1 :]] for rate in space.rates[layer]]
    moved += [branch.path[:-1], *([*branch.path, rate] for rate in RATES)]
    legal = [path for path in moved if path != branch.path and space.is_legal(path)]
    if not legal or rng.random() < SHARE_ANEW:
        return _branch(space, random_path(space, rng), branch.cell)
    return _branch(space, legal[rng.integers(len(legal))], branch.cell)


def _change_backbone(candidates: Candidates, backbone: Backbone | None, rng: np.random.Generator) -> Backbone | None:
    """Another option of one choice, or another backbone."""
    if candidates.backbones is None or backbone is None:
        return None
    if rng.random() < SHARE_ANEW:
        return random_backbone(candidates.backbones, rng)
    free = {name: options for name, options in candidates.backbones.choices.items() if len(options) > 1}
    name = list(free)[rng.integers(len(free))]
    others = [option for option in free[name] if option != getattr(backbone, name)]
    return backbone.model_copy(update={name: others[rng.integers(len(others))]})


def _change_operation(space: BranchSpace, branch: BranchGenotype, rng: np.random.Generator) -> BranchGenotype:
    """Another operation on one edge, or another cell."""
    if rng.random() < SHARE_ANEW:
        return _branch(space, branch.path, random_cell(space, rng))
    place, op = int(rng.integers(len(branch.cell))), space.operations[rng.integers(len(space.operations))]
    cell = [CellEdge.of(kept.edge, op) if i == place else kept for i, kept in enumerate(branch.cell)]
    return _branch(space, branch.path, cell)


def _change_edge(space: BranchSpace, branch: BranchGenotype, rng: np.random.Generator) -> BranchGenotype:
    """One edge into a node, with its operation, comes from somewhere else."""
    place = int(rng.integers(len(branch.cell)))
    before = branch.cell[place]
    taken = branch.operations
    free = [edge for edge in EDGES if edge.target == before.target and edge not in taken]
    if not free:
        return _change_operation(space, branch, rng)
    after = CellEdge.of(free[rng.integers(len(free))], before.op)
    return _branch(space, branch.path, [after if kept is before else kept for kept in branch.cell])


_KINDS: tuple[Callable[[BranchSpace, BranchGenotype, np.random.Generator], BranchGenotype], ...] = (
    _move_path,
    _change_operation,
    _change_edge,
)


def _branch(space: BranchSpace, path: Sequence[int], cell: Sequence[CellEdge]) -> BranchGenotype:
    return BranchGenotype(start_rate=space.start_rate, width=space.width, path=list(path), cell=list(cell))  # pyright: ignore[reportArgumentType]
