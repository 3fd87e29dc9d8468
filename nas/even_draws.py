"""Random architectures whose costs are spread evenly, from the cheapest to the most expensive of a space.

Most architectures of a space cost nearly the same, so uniform draws hardly ever see cheap ones or expensive ones. Here
a cost is drawn first, evenly on a logarithmic scale. Then some architectures are drawn, and the nearest to it is taken.
Its parts are exchanged for those of the others, one part after the other, where that brings it nearer.

Legend: N architectures, L layers, E kept edges of a cell, R rates, S backbones that change what paths cost.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from ..genotypes.backbone import Backbone, BackboneSpace
from ..genotypes.branch_genotype import BranchGenotype, CellEdge
from ..genotypes.sampling import random_backbone, with_fusion_share
from ..genotypes.space import EDGES, RATES, BranchSpace
from .backbone_costs import BackboneCosts
from .budget import Resource
from .costs.branch_table import BranchTable
from .costs.cell_kinds import KEPT_EDGES, PAIRS
from .space_costs import SpaceCosts

Part = tuple[str, Literal["path", "cell"]] | Literal["backbone"]
"""What two architectures can exchange: a branch's path or cell, or the backbone."""

Rows = Mapping[Part, int | np.ndarray]
"""From which of the architectures that were drawn each part is taken."""


def even_architecture(
    spaces: Mapping[str, BranchSpace],
    backbones: BackboneSpace | None,
    fixed: Mapping[str, BranchGenotype],
    costs: SpaceCosts | BackboneCosts,
    rng: np.random.Generator,
    low: int | float | None = None,
    high: int | float | None = None,
    tries: int = 32,
    resource: Resource = "flops",
) -> tuple[dict[str, BranchGenotype], Backbone | None]:
    """Draw an architecture, evenly over the logarithm of the whole network's FLOPs, or of another resource.

    At both ends of a space, where hardly any architecture lies, it comes less near to the cost it was drawn for.

    Args:
        spaces: the space of every branch, each as wide as it can be.
        backbones: what the backbone may be; None if it is not chosen.
        fixed: the branches that are held.
        costs: of this space.
        rng: the source of randomness; it is advanced.
        low: least of the resource that is aimed at; by default the least of the space.
        high: greatest, likewise.
        tries: architectures that are drawn, each branch's path by a length that is drawn evenly, each path of that
            length and each cell being as likely.
        resource: over which the draws are even.

    Returns:
        Every branch by name, those that are held included, and the backbone, if it is chosen.
    """
    if low is None:
        low = float(getattr(getattr(costs.least, resource).cost, resource))
    if high is None:
        high = float(getattr(getattr(costs.greatest, resource).cost, resource))
    target = math.exp(rng.uniform(math.log(low), math.log(high)))
    around = [None if backbones is None else random_backbone(backbones, rng) for _ in range(tries)]
    drawn = {name: _draw(space, rng, tries) for name, space in spaces.items() if name not in fixed}
    network = _network(costs, around, drawn, resource)
    every = np.arange(tries)
    parts: list[Part] = ["backbone", *((name, part) for name in drawn for part in ("path", "cell"))]
    rows = dict.fromkeys(parts, network.nearest(target, dict.fromkeys(parts, every)))
    for i in rng.permutation(len(parts)).tolist():
        rows[parts[i]] = network.nearest(target, {**rows, parts[i]: every})
    branches = {
        name: drawn[name].branch(space, rows[name, "path"], rows[name, "cell"]) if name in drawn else fixed[name]
        for name, space in spaces.items()
    }
    backbone = around[rows["backbone"]]
    return (with_fusion_share(branches, backbone) if "fusion" in drawn else branches), backbone


class _Drawn(NamedTuple):
    """Random paths and cells of a branch.

    Attributes:
        paths: (N, L) for each layer the position of its rate in `RATES`.
        lengths: (N,) how many of the layers there are.
        edges: (N, E) positions in `EDGES`.
        operations: (N, E) positions in the space's operations.
    """

    paths: np.ndarray
    lengths: np.ndarray
    edges: np.ndarray
    operations: np.ndarray

    def branch(self, space: BranchSpace, path: int, cell: int) -> BranchGenotype:
        """The genotype of a path's row and a cell's."""
        rates = [RATES[rate] for rate in self.paths[path, : self.lengths[path]]]
        kept = zip(self.edges[cell].tolist(), self.operations[cell].tolist(), strict=True)
        edges = [CellEdge.of(EDGES[edge], space.operations[operation]) for edge, operation in kept]
        return BranchGenotype(start_rate=space.start_rate, width=space.width, path=rates, cell=edges)  # pyright: ignore[reportArgumentType]


def _draw(space: BranchSpace, rng: np.random.Generator, count: int) -> _Drawn:
    allowed = np.array([[space.allows(source, target) for target in RATES] for source in RATES], float)
    ways = [np.ones(len(RATES))]  # of going on from a rate for some more layers, up to a factor
    for _ in range(space.layers):
        more = (allowed * ways[-1]).sum(1)
        ways.append(more / more.max())
    lengths = rng.integers(space.least_layers or space.layers, space.layers + 1, size=count)
    paths = np.zeros((count, space.layers), np.intp)
    rates = np.full(count, RATES.index(space.start_rate))
    for layer in range(space.layers):
        odds = (allowed[rates] * np.array(ways)[(lengths - layer - 1).clip(0)]).cumsum(1)
        rates = (odds <= (rng.random(count) * odds[:, -1])[:, None]).sum(1)
        paths[:, layer] = rates
    pairs = [np.array(node)[rng.integers(len(node), size=count)] for node in PAIRS]
    operations = rng.integers(len(space.operations), size=(count, KEPT_EDGES))
    return _Drawn(paths, lengths, np.concatenate(pairs, 1), operations)


class _Network(NamedTuple):
    """What the parts of whole networks cost, in one resource.

    Attributes:
        rest: (N,) all but the searched branches, with each backbone.
        share: (N,) which of the S each backbone is.
        paths: of each branch, (S, N, N) each path with each cell.
    """

    rest: np.ndarray
    share: np.ndarray
    paths: Mapping[str, np.ndarray]

    def nearest(self, target: float, rows: Rows) -> int:
        """Which of the networks of these parts, one a row, costs the most nearly as much as is aimed at."""
        row = rows["backbone"]
        branches = (
            spent[self.share[row], rows[name, "path"], rows[name, "cell"]] for name, spent in self.paths.items()
        )
        return int(np.abs(np.log((self.rest[row] + sum(branches)) / target)).argmin())


def _network(
    costs: SpaceCosts | BackboneCosts,
    around: Sequence[Backbone | None],
    drawn: Mapping[str, _Drawn],
    resource: Resource,
) -> _Network:
    known: list[SpaceCosts] = []
    held: list[int] = []
    for backbone in around:
        if isinstance(costs, SpaceCosts) or backbone is None:
            known.append(costs if isinstance(costs, SpaceCosts) else costs.of_share(None))
            held.append(getattr(known[-1].constant, resource))
        else:
            known.append(costs.of_share(backbone.fusion))
            held.append(getattr(known[-1].constant, resource) + getattr(costs.saved(backbone), resource))
    shares = list(dict.fromkeys(known))  # only the fusion branch costs more or less as its share does
    paths = {
        name: np.array(
            [
                k.column(name, resource).factor * _path_costs(k.table(name, resource), k.searched[name].start_rate, one)
                for k in shares
            ]
        )
        for name, one in drawn.items()
    }
    return _Network(np.array(held), np.array([shares.index(one) for one in known]), paths)


def _path_costs(table: BranchTable, start_rate: int, drawn: _Drawn) -> np.ndarray:
    """(N, N) what one pass through each path with each cell costs."""
    start = np.full((len(drawn.paths), 2), RATES.index(start_rate))
    rates = np.hstack([start, drawn.paths])
    layers = np.arange(drawn.paths.shape[1])
    walked = layers < drawn.lengths[:, None]
    steps = table.steps[layers.clip(max=1), rates[:, :-2], rates[:, 1:-1], drawn.paths]
    last = np.take_along_axis(drawn.paths, drawn.lengths[:, None] - 1, 1)[:, 0]
    visits = np.stack([(walked & (drawn.paths == rate)).sum(1) for rate in range(len(RATES))], 1)
    cells = table.operations[drawn.operations].sum(1)
    return (table.opening + (steps * walked).sum(1) + table.ends[last])[:, None] + visits @ cells.T
