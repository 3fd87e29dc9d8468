"""Partial paths with labels, extended layer by layer: the dynamic programming behind counting and decoding with costs.

What a path's cells cost depends on the cell, which all layers share. So a label holds, for each operation, what the
path costs if all kept edges of its cells have that operation: the cost with any other cell is a weighted mean of these.

Legend: N labels, K columns of costs, L layers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...genotypes.space import BranchSpace, End, Transition
from ...networks.cost import Cost
from .branch_costs import NOTHING, BranchCosts
from .cell_kinds import KEPT_EDGES


class Column(NamedTuple):
    """A resource that is counted.

    Attributes:
        resource: its position in a `Cost`: 0 for parameters, 1 for FLOPs, 2 for time.
        factor: how often the branch spends it in the network; negative for what should be large.
    """

    resource: int
    factor: int


class Labels(NamedTuple):
    """Paths with what they cost and are worth.

    Attributes:
        costs: (N, K) integers: for each `Column`, what the path costs with each operation on all kept edges.
        values: (N,) what is counted or compared: a number of paths, or a score.
        paths: (N, L) the rate of each layer, zeros behind the end; of several paths that share a label, one.
    """

    costs: np.ndarray
    values: np.ndarray
    paths: np.ndarray

    def chosen(self, rows: np.ndarray) -> "Labels":
        """The labels of some rows."""
        return Labels(self.costs[rows], self.values[rows], self.paths[rows])


def label_paths(
    space: BranchSpace,
    costs: BranchCosts,
    columns: Sequence[Column],
    start: Labels,
    reduce: Callable[[Labels], Labels],
    scores: Mapping[Transition | End, float] | None = None,
) -> Labels:
    """The labels of all paths of a branch, reduced wherever paths meet.

    What a step costs depends on the last two rates, so paths meet where both are the same.

    Args:
        space: the branch.
        costs: what its parts cost.
        columns: what is counted, one after the other.
        start: the label of the empty path; see `start_label`.
        reduce: keeps one label for several, or drops some. It sees the labels of all paths with the same last rates.
        scores: what is added to the value of a path for each transition, and for its end; nothing by default.

    Returns:
        The labels of whole paths.
    """

    def row(parts: Sequence[Cost], rate: int | None) -> np.ndarray:
        cells = [NOTHING if rate is None else costs.operation(name, rate) for name in space.operations]
        return np.array(
            [f * (sum(part[r] for part in parts) + KEPT_EDGES * cell[r]) for r, f in columns for cell in cells]
        )

    def extended(labels: Labels, added: np.ndarray, choice: Transition | End, path: np.ndarray) -> Labels:
        value = scores[choice] if scores is not None else 0
        return Labels(labels.costs + added, labels.values + value, path)

    reached = {(space.start_rate, space.start_rate): start}
    ended: list[Labels] = []
    for layer, targets in enumerate(space.rates):
        met: dict[tuple[int, int], list[Labels]] = {}
        for (before, source), labels in reached.items():
            for target in targets:
                if space.allows(source, target):
                    added = row([costs.s0(min(layer, 1), before, target), costs.s1(source, target)], target)
                    path = np.column_stack([labels.paths, np.full(len(labels.paths), target, np.int8)])
                    one = extended(labels, added, Transition(layer, source, target), path)
                    met.setdefault((source, target), []).append(one)
        reached = {rates: reduce(_together(parts)) for rates, parts in met.items()}
        ended += [
            extended(
                labels, row([costs.opening, costs.end(last)], None), End(layer, last), _padded(labels.paths, space)
            )
            for (_, last), labels in reached.items()
            if End(layer, last) in space.ends
        ]
    return reduce(_together(ended))


def rates_of(path: np.ndarray) -> list[int]:
    """The rates of a path (L,), without the zeros behind its end."""
    return path[path > 0].tolist()


def start_label(columns: int, value: int | float) -> Labels:
    """The label of the empty path, with `columns` columns of costs; a value that is an integer stays one."""
    return Labels(np.zeros((1, columns), np.int64), np.array([value]), np.empty((1, 0), np.int8))


def cell_costs(costs: np.ndarray, operations: np.ndarray) -> np.ndarray:
    """What paths cost with cells whose operations are counted.

    Args:
        costs: (N, P) what each path costs if all kept edges have one of the P operations.
        operations: (M, P) how many kept edges of each cell have which operation.

    Returns:
        (N, M) integers.
    """
    return costs @ operations.T // KEPT_EDGES


def _padded(paths: np.ndarray, space: BranchSpace) -> np.ndarray:
    """Paths (N, fewer layers) with zeros behind, as many as the space has layers."""
    return np.pad(paths, ((0, 0), (0, space.layers - paths.shape[1])))


def _together(parts: list[Labels]) -> Labels:
    return Labels(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
