"""How often each part of a supernet was trained: what was never updated cannot be judged."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..genotypes.space import EDGES, BranchSpace
from ..networks.path import Mixture, cell_name


class Coverage(nn.Module):
    """Counts, for every operation on every edge of every cell, the updates in which it ran, but for a warm-up's.

    A module, so that its counts are saved and restored with the run.

    Args:
        spaces: the searched branches.
    """

    def __init__(self, spaces: Mapping[str, BranchSpace]) -> None:
        super().__init__()
        self.spaces = dict(spaces)
        for name, space in spaces.items():
            shape = len(_cells(space)), len(EDGES), len(space.operations)
            self.register_buffer(name, torch.zeros(shape, dtype=torch.int64))
            self.register_buffer(f"{name}_cells", torch.zeros(shape[0], dtype=torch.int64))

    def count(self, mixtures: Mapping[str, Mixture]) -> None:
        """Count an update that used these mixtures, by branch; a cell or operation that they lack did not run."""
        for name, mixture in mixtures.items():
            space = self.spaces[name]
            reached = {(transition.layer, transition.target) for transition in mixture.transitions}
            ran = torch.tensor([cell in reached for cell in _cells(space)])
            used = torch.tensor(
                [[operation in mixture.operations.get(edge, ()) for operation in space.operations] for edge in EDGES]
            )
            self.get_buffer(f"{name}_cells").add_(ran)
            self.get_buffer(name).add_(ran[:, None, None] & used)

    def record(self) -> dict[str, Any]:
        """The counts for the history, by branch.

        Returns:
            `cells`: updates of each cell. `operations`: updates of each operation, over all edges and cells.
            `least_cell` and `least_operation`: those of the least trained cell, and of the least trained operation on
            one edge of one cell.
        """
        return {name: self._of_branch(space, self.get_buffer(name)) for name, space in self.spaces.items()}

    def _of_branch(self, space: BranchSpace, counts: Tensor) -> dict[str, Any]:
        cells = self.get_buffer(f"{space.name}_cells").tolist()
        return {
            "cells": {cell_name(*cell): n for cell, n in zip(_cells(space), cells, strict=True)},
            "operations": dict(zip(space.operations, counts.sum((0, 1)).tolist(), strict=True)),
            "least_cell": min(cells),
            "least_operation": int(counts.min()),
        }


def _cells(space: BranchSpace) -> list[tuple[int, int]]:
    return [(layer, rate) for layer, rates in enumerate(space.rates) for rate in rates]
