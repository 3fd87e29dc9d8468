"""Pareto dominance: what is worth keeping when several numbers are to be small."""

from collections.abc import Sequence

import numpy as np

BLOCK = 256
"""Rows that are compared with the front at a time."""


def non_dominated(columns: Sequence[np.ndarray]) -> np.ndarray:
    """The rows that no other row equals or undercuts in every column.

    Args:
        columns: at least one array (N,) of numbers, to be small; they may be of different types.

    Returns:
        Positions of the rows that are kept, sorted by their first column, then their second, and so on. Of equal rows
        the first is kept.
    """
    order = np.lexsort(columns[::-1])
    ordered = [column[order] for column in columns if (column != column[:1]).any()]
    if len(ordered) == 2:  # a row is kept if its second number is below those of all rows before it
        lowest = np.minimum.accumulate(ordered[1])
        return order[np.r_[True, lowest[1:] < lowest[:-1]]]
    kept = np.empty(0, np.intp)
    for start in range(0, len(order), BLOCK):
        block = np.arange(start, min(start + BLOCK, len(order)))
        # Only a row that comes earlier in this order can dominate another.
        block = block[~_undercut(ordered, block, kept).any(1)]
        earlier = np.tri(len(block), k=-1, dtype=bool)
        block = block[~(_undercut(ordered, block, block) & earlier).any(1)]
        kept = np.concatenate([kept, block])
    return order[kept]


def _undercut(columns: Sequence[np.ndarray], rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(rows, others): whether an other row is at most as large as a row in every column."""
    found = np.ones((len(rows), len(others)), bool)
    for column in columns:
        found &= column[others] <= column[rows][:, None]
    return found
