"""The search space as data: branches, rates, layers, transitions, cells and edges.

A branch is a trellis of layers x upsampling rates. Everything that walks a branch - supernet, fixed path, decoder,
genotype validation, drawing - asks this file which transitions and edges there are; the topology is defined nowhere
else.

Legend: L layers, T transitions, E edges, P operations (primitives).
Source: MFPSNet paper section III (search spaces); the published code's numbers are in the docstrings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

from ..errors import MfpsError
from .operations import PUBLISHED_OPERATIONS, STROKES
from .prior_branches import PRIOR_BRANCHES, known_priors

RATES = (1, 2, 4, 8)
"""Upsampling rates relative to the encoder's grid, coarse to fine; rate 8 is the image's own size."""

OPERATIONS = tuple(STROKES)
"""Candidate operations of an edge, in the published order."""

PRIORS = tuple(PRIOR_BRANCHES)
"""The facial priors, in the order in which the fusion branch concatenates them."""

BRANCHES = ("upsample", *PRIORS, "fusion")
"""Every branch a restorer can have; FRSNet has only the first."""

START_RATES = {"upsample": 1} | {row.name: row.start_rate for row in PRIOR_BRANCHES.values()} | {"fusion": 8}
"""The rate at which each branch enters its trellis."""

CELL_INPUTS = ("s0", "s1")
"""A cell's two inputs: the features from two layers back and from the layer before."""

KEPT_EDGES_PER_NODE = 2
"""Edges that a decoded node keeps."""

MAX_LAYERS = 64
"""Most layers that a branch can have; a genotype file with more is refused."""

MAX_WIDTH = 4096
"""Largest base width that a branch can have."""

OUTPUT_NODES = 3
"""Nodes of a cell, which outputs their concatenation: three times its width."""


class SpaceKind(NamedTuple):
    """What a search may choose, apart from sizes."""

    operations: tuple[str, ...]
    """Candidate operations of every edge."""
    any_end: bool
    """A path may end after any layer, and not only after the last."""
    backbone: bool
    """Depth and width of the layers around the paths are chosen too, see `genotypes.backbone`."""


SPACES = {
    "published": SpaceKind(PUBLISHED_OPERATIONS, any_end=False, backbone=False),
    "wide": SpaceKind(OPERATIONS, any_end=True, backbone=True),
}
"""The search spaces by name."""


class Transition(NamedTuple):
    """A move in the trellis: into `layer` at rate `target`, from the layer before at rate `source`."""

    layer: int
    source: int
    target: int


class End(NamedTuple):
    """A place in the trellis where a path may end: after the cell at (`layer`, `rate`)."""

    layer: int
    rate: int


class Edge(NamedTuple):
    """An edge of a cell, from an input or an earlier node to a node, both by name (`s0`, `s1`, `n0`, ...)."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """The edge as a module name: `s0_n1`."""
        return f"{self.source}_{self.target}"


NODES = tuple(f"n{i}" for i in range(OUTPUT_NODES))
"""A cell's nodes."""

EDGES = tuple(Edge(source, node) for i, node in enumerate(NODES) for source in (*CELL_INPUTS, *NODES[:i]))
"""A cell's nine edges, in the published order: s0->n0, s1->n0, s0->n1, s1->n1, n0->n1, ..."""


def level(rate: int) -> int:
    """Number of halvings from the image's size down to `rate`: 0 for rate 8, 3 for rate 1."""
    return (RATES[-1] // rate).bit_length() - 1


def cell_width(width: int, rate: int) -> int:
    """Channels of a cell at `rate` in a branch of base `width`: doubled with every halving of the size."""
    return width * (RATES[-1] // rate)


def cell_channels(width: int, rate: int) -> int:
    """Channels of the output of a cell at `rate`: its nodes' concatenation."""
    return OUTPUT_NODES * cell_width(width, rate)


@dataclass(frozen=True)
class BranchSpace:
    """The search space of one branch.

    Attributes:
        name: one of `BRANCHES`.
        width: base width; a cell at rate r has `width * 8 / r` channels.
        layers: most cells, one after the other (published: 6; the paper's fusion branch: 8).
        least_layers: fewest cells, after which a path may end; as many as `layers` if None, as published.
        monotone: allow only moves to the same or the next higher rate, as the paper describes its upsampling space.
        operations: candidate operations of every edge.
    """

    name: str
    width: int
    layers: int = 6
    monotone: bool = False
    operations: tuple[str, ...] = PUBLISHED_OPERATIONS
    least_layers: int | None = None

    def __post_init__(self) -> None:
        if self.name not in BRANCHES:
            raise MfpsError(f"unknown branch {self.name!r}: must be one of {', '.join(BRANCHES)}")
        unknown = [op for op in self.operations if op not in OPERATIONS]
        if unknown:
            raise MfpsError(f"{self.name}: unknown operation {unknown[0]!r}: choose from {', '.join(OPERATIONS)}")
        if not self.operations or len(set(self.operations)) < len(self.operations):
            raise MfpsError(
                f"{self.name}: operations {list(self.operations)}: "
                f"name at least one of {', '.join(OPERATIONS)}, each once"
            )
        if not 1 <= self.layers <= MAX_LAYERS:
            raise MfpsError(f"{self.name}: {self.layers} layers: a branch has 1 to {MAX_LAYERS}")
        if self.least_layers is not None and not 1 <= self.least_layers <= self.layers:
            raise MfpsError(f"{self.name}: at least {self.least_layers} layers: a path has 1 to {self.layers} of them")
        if not 1 <= self.width <= MAX_WIDTH:
            raise MfpsError(f"{self.name}: width {self.width}: it must be 1 to {MAX_WIDTH}")

    @property
    def start_rate(self) -> int:
        """The rate at which the branch enters its trellis."""
        return START_RATES[self.name]

    @cached_property
    def rates(self) -> tuple[tuple[int, ...], ...]:
        """The rates that can be reached in each layer, coarse to fine."""
        reached: list[tuple[int, ...]] = []
        before: tuple[int, ...] = (self.start_rate,)
        for _ in range(self.layers):
            before = tuple(rate for rate in RATES if any(self.allows(source, rate) for source in before))
            reached.append(before)
        return tuple(reached)

    def allows(self, source: int, target: int) -> bool:
        """Whether a move from rate `source` to rate `target` is part of this space."""
        step = RATES.index(target) - RATES.index(source)
        return step in (0, 1) if self.monotone else abs(step) <= 1

    @cached_property
    def transitions(self) -> tuple[Transition, ...]:
        """Every transition, by layer, then target, then source (45 for 6 layers from an end rate, not `monotone`)."""
        before = ((self.start_rate,), *self.rates)
        return tuple(
            Transition(layer, source, target)
            for layer, (sources, targets) in enumerate(zip(before, self.rates, strict=False))
            for target in targets
            for source in sources
            if self.allows(source, target)
        )

    def incoming(self, layer: int, target: int) -> tuple[Transition, ...]:
        """The transitions into the cell at (`layer`, `target`); one softmax runs over them."""
        return tuple(t for t in self.transitions if t.layer == layer and t.target == target)

    @cached_property
    def ends(self) -> tuple[End, ...]:
        """Where a path may end, by layer, then rate; one more softmax runs over them."""
        first = (self.least_layers or self.layers) - 1
        return tuple(End(layer, rate) for layer in range(first, self.layers) for rate in self.rates[layer])

    def paths(self) -> list[tuple[int, ...]]:
        """Every legal path, by enumeration (233 for 6 layers from an end rate). For tests and tiny spaces."""
        lengths = range(self.least_layers or self.layers, self.layers + 1)
        return [path for length in lengths for path in product(*self.rates[:length]) if self.is_legal(path)]

    def is_legal(self, path: Sequence[int]) -> bool:
        """Whether `path`, one rate per layer, can be walked from the start rate, and may end where it does."""
        steps = zip((self.start_rate, *path), path, strict=False)
        ends = End(len(path) - 1, path[-1]) in self.ends if path else False
        return ends and all(t in RATES and self.allows(s, t) for s, t in steps)


def search_space(
    priors: Sequence[str] = (),
    *,
    width: int = 8,
    layers: int = 6,
    fusion_layers: int = 8,
    monotone_upsample: bool = False,
    operations: tuple[str, ...] = PUBLISHED_OPERATIONS,
    any_end: bool = False,
) -> dict[str, BranchSpace]:
    """The spaces of a whole network: the upsample branch and, with priors, their branches and the fusion branch.

    Args:
        priors: any subset of `PRIORS`; none gives FRSNet.
        width: base width of the upsample and prior branches; the fusion branch's follows from it (`fusion_width`).
        layers: layers of all branches but fusion.
        fusion_layers: layers of the fusion branch.
        monotone_upsample: the upsample branch moves only {same, up}.
        operations: candidate operations.
        any_end: paths may end after any layer.

    Returns:
        The space of each branch by its name, in the order of `BRANCHES`.

    Raises:
        MfpsError: a prior or an operation is unknown, or a number is out of range.
    """
    chosen, least = known_priors(list(priors)), 1 if any_end else None
    space = {"upsample": BranchSpace("upsample", width, layers, monotone_upsample, operations, least)}
    space |= {prior: BranchSpace(prior, width, layers, False, operations, least) for prior in chosen}
    if chosen:
        fused = fusion_width(width, [width for _ in chosen])
        space["fusion"] = BranchSpace("fusion", fused, fusion_layers, False, operations, least)
    return space


def fusion_width(upsample_width: int, prior_widths: Sequence[int]) -> int:
    """Base width of the fusion branch: three times the upsample branch's, plus each prior branch's."""
    return OUTPUT_NODES * upsample_width + sum(prior_widths)
