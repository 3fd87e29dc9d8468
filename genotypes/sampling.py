"""Random genotypes: the baseline a search must beat, and test data.

Every legal path of a branch is equally likely, and so is every cell. A random walk would not do: it favours paths along
the border of the trellis, where there are fewer moves to choose from.
"""

from collections.abc import Mapping
from itertools import combinations
from math import comb, prod

import numpy as np
from pydantic import ValidationError

from ..errors import MfpsError, first_violation
from .backbone import Backbone, BackboneSpace, share_of
from .branch_genotype import BranchGenotype, CellEdge
from .genotype import Genotype
from .space import EDGES, KEPT_EDGES_PER_NODE, NODES, BranchSpace, End


def random_genotype(
    space: dict[str, BranchSpace], seed: int, name: str = "random", backbones: BackboneSpace | None = None
) -> Genotype:
    """Draw a genotype uniformly from a search space.

    Args:
        space: the branches' spaces, as `search_space` returns them.
        seed: the same space and seed give the same genotype, to the byte.
        name: the genotype's name.
        backbones: what the backbone may be, if there is a choice.

    Returns:
        The genotype, with `{"kind": "random", "seed": seed}` as its provenance.

    Raises:
        MfpsError: the seed is negative, or the branches do not make a network.
    """
    if seed < 0:
        raise MfpsError(f"seed is {seed}: a seed must not be negative, give 0 or a greater integer")
    rng = np.random.default_rng(seed)
    try:
        branches = {branch: random_branch(branch_space, rng) for branch, branch_space in space.items()}
        backbone = None if backbones is None else random_backbone(backbones, rng)
        provenance = {"kind": "random", "seed": seed}
        return Genotype.of(with_fusion_share(branches, backbone), backbone, name, provenance)
    except ValidationError as error:
        raise first_violation(error, "search space") from None


def random_backbone(backbones: BackboneSpace, rng: np.random.Generator) -> Backbone:
    """Draw a backbone, each choice by itself and each of its options with the same probability.

    Args:
        backbones: what may be drawn.
        rng: the source of randomness; it is advanced.
    """
    return Backbone(**{name: options[rng.integers(len(options))] for name, options in backbones.choices.items()})


def with_fusion_share(branches: Mapping[str, BranchGenotype], backbone: Backbone | None) -> dict[str, BranchGenotype]:
    """The branches, of which `fusion`, given at its whole width, has the share of it that a backbone says."""
    found = dict(branches)
    if backbone is not None and backbone.fusion is not None:
        width = share_of(found["fusion"].width, backbone.fusion)
        found["fusion"] = found["fusion"].model_copy(update={"width": width})
    return found


def random_branch(space: BranchSpace, rng: np.random.Generator) -> BranchGenotype:
    """Draw one branch uniformly.

    Args:
        space: the branch's search space.
        rng: the source of randomness; it is advanced.
    """
    path = random_path(space, rng)
    cell = random_cell(space, rng)
    return BranchGenotype(start_rate=space.start_rate, width=space.width, path=list(path), cell=cell)  # pyright: ignore[reportArgumentType]


def random_path(space: BranchSpace, rng: np.random.Generator) -> tuple[int, ...]:
    """Draw one legal path, each with the same probability.

    A step is taken in proportion to the number of paths that continue from it.

    Args:
        space: the branch's search space.
        rng: the source of randomness; it is advanced.
    """
    continuations = count_continuations(space)
    path: list[int] = []
    rate = space.start_rate
    for layer, counts in enumerate(continuations):
        stops = int(End(layer - 1, rate) in space.ends)
        ticket = _integer_below(stops + sum(n for to, n in counts.items() if space.allows(rate, to)), rng)
        if ticket < stops:
            break
        ticket -= stops
        for target, n in counts.items():
            if not space.allows(rate, target):
                continue
            if ticket < n:
                rate = target
                break
            ticket -= n
        path.append(rate)
    return tuple(path)


def count_continuations(space: BranchSpace) -> list[dict[int, int]]:
    """For each layer and each rate reached there, in how many ways a legal path can go on from it, ending included."""
    after: dict[int, int] = {}
    counts: list[dict[int, int]] = []
    for layer, rates in reversed(list(enumerate(space.rates))):
        after = {
            rate: (End(layer, rate) in space.ends) + sum(n for to, n in after.items() if space.allows(rate, to))
            for rate in rates
        }
        counts.append(after)
    return counts[::-1]


def count_paths(space: BranchSpace) -> int:
    """How many legal paths a branch has."""
    return sum(count_continuations(space)[0].values())


def count_cells(space: BranchSpace) -> int:
    """How many cells a branch has: choices of two edges into each node, and of an operation for each of them."""
    pairs = (comb(sum(edge.target == node for edge in EDGES), KEPT_EDGES_PER_NODE) for node in NODES)
    return prod(pairs) * len(space.operations) ** (KEPT_EDGES_PER_NODE * len(NODES))


def random_cell(space: BranchSpace, rng: np.random.Generator) -> list[CellEdge]:
    """Draw one cell uniformly: for each node a pair of its incoming edges, for each kept edge an operation.

    Args:
        space: names the operations.
        rng: the source of randomness; it is advanced.
    """
    cell: list[CellEdge] = []
    for node in NODES:
        pairs = list(combinations([edge for edge in EDGES if edge.target == node], KEPT_EDGES_PER_NODE))
        for edge in pairs[rng.integers(len(pairs))]:
            op = space.operations[rng.integers(len(space.operations))]
            cell.append(CellEdge.of(edge, op))
    return cell


def _integer_below(bound: int, rng: np.random.Generator) -> int:
    """An exactly uniform integer in [0, bound); deep trellises have more paths than 64 bits can count."""
    bits = bound.bit_length()
    while True:
        drawn = int.from_bytes(rng.bytes((bits + 7) // 8), "little") >> (-bits % 8)
        if drawn < bound:
            return drawn
