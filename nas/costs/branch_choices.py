"""The architectures of a branch that are worth choosing from where limits on costs hold."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...genotypes.branch_genotype import BranchGenotype, CellEdge
from ...genotypes.space import EDGES, BranchSpace, End, Transition
from .best_combination import Options
from .branch_costs import BranchCosts
from .cell_kinds import ScoredCell, best_cells
from .non_dominated import non_dominated
from .trellis_labels import Column, Labels, cell_costs, label_paths, rates_of, start_label


class BranchChoices(NamedTuple):
    """Options of a branch, and the architectures behind them.

    Attributes:
        space: the branch.
        options: their scores and costs; a pick is a path's row times the number of cells, plus the cell's position.
        paths: rates of each layer, a row each, with zeros behind the end.
        cells: one for each kind of cell.
    """

    space: BranchSpace
    options: Options
    paths: np.ndarray
    cells: Sequence[ScoredCell]

    def architecture(self, pick: int) -> BranchGenotype:
        """The architecture behind an option's pick."""
        path, cell = divmod(pick, len(self.cells))
        kept = [CellEdge.of(EDGES[e], self.space.operations[o]) for e, o in sorted(self.cells[cell].chosen)]
        rates = rates_of(self.paths[path])
        return BranchGenotype(start_rate=self.space.start_rate, width=self.space.width, path=rates, cell=kept)  # pyright: ignore[reportArgumentType]


def branch_choices(
    space: BranchSpace,
    costs: BranchCosts,
    columns: Sequence[Column],
    operations: np.ndarray | None = None,
    steps: Mapping[Transition | End, float] | None = None,
) -> BranchChoices:
    """The architectures of a branch that no other one equals or beats in score and costs.

    Args:
        space: the branch.
        costs: what its parts cost.
        columns: the resources whose costs count.
        operations: (E, P) the score of each operation on each edge, edges in the order of `EDGES`; 0 by default.
        steps: the score of each transition and of each end; 0 by default.
    """

    def reduced(labels: Labels) -> Labels:
        return labels.chosen(non_dominated([-labels.values, *labels.costs.T]))

    many = len(space.operations)
    paths = label_paths(space, costs, columns, start_label(len(columns) * many, 0.0), reduced, steps)
    best = best_cells(np.zeros((len(EDGES), many)) if operations is None else operations)
    kinds, cells = np.array(list(best)), list(best.values())
    scores = np.add.outer(paths.values, [cell.score for cell in cells]).ravel()
    spent = [cell_costs(paths.costs[:, i * many : (i + 1) * many], kinds).ravel() for i in range(len(columns))]
    options = Options(scores, np.column_stack(spent), np.arange(len(scores))[:, None]).best()
    return BranchChoices(space, options, paths.paths, cells)
