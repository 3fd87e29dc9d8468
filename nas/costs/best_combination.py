"""One option for each branch, so that limits on what they cost together hold and their scores are as high as possible.

Exact: options and combinations are dropped only where another one is at least as good in everything.

Legend: N options, K limits.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..budget import TooManyError
from .non_dominated import non_dominated

MOST_COMBINATIONS = 20_000_000
"""Combinations of two branches' options that are compared; more take too much memory."""


class Options(NamedTuple):
    """What one can choose from, for a branch or for several together.

    Attributes:
        scores: (N,), to be high.
        costs: (N, K) integers, to be low.
        picks: (N, B) what stands behind each option: one number for each of the B branches that it combines.
    """

    scores: np.ndarray
    costs: np.ndarray
    picks: np.ndarray

    def best(self) -> "Options":
        """The options that no other one equals or beats in score and costs, sorted by score, then by costs."""
        rows = non_dominated([-self.scores, *self.costs.T])
        return Options(self.scores[rows], self.costs[rows], self.picks[rows])

    def within(self, bounds: np.ndarray) -> "Options":
        """The options that cost at most (K,) `bounds`."""
        rows = (self.costs <= bounds).all(1)
        return Options(self.scores[rows], self.costs[rows], self.picks[rows])


def combined(parts: Sequence[Options], bounds: np.ndarray) -> Options:
    """The best combinations of one option for each of the parts.

    Args:
        parts: at least one.
        bounds: (K,) combinations that cost more are left out.

    Raises:
        TooManyError: there are too many to compare, as happens with a lower and an upper limit of the same resource.
    """
    together = parts[0].within(bounds)
    for part in parts[1:]:
        if len(together.scores) * len(part.scores) > MOST_COMBINATIONS:
            raise TooManyError(
                "too many combinations to compare: leave out either the lower or the upper limit of a resource"
            )
        left, right = (index.ravel() for index in np.indices((len(together.scores), len(part.scores))))
        together = Options(
            together.scores[left] + part.scores[right],
            together.costs[left] + part.costs[right],
            np.column_stack([together.picks[left], part.picks[right]]),
        )
        together = together.within(bounds).best()
    return together


def best_combination(parts: Sequence[Options], bounds: np.ndarray) -> tuple[int, ...] | None:
    """The picks of the combination with the highest score, or None if nothing is in bounds.

    Of equal scores the one that costs less of the first resource wins, then of the second.

    Args:
        parts: the options of each branch, at least one.
        bounds: (K,) the most that a combination may cost.

    Raises:
        TooManyError: see `combined`.
    """
    least = np.array([part.costs.min(0) for part in parts])
    half = (len(parts) + 1) // 2
    first = combined(parts[:half], bounds - least[half:].sum(0))
    if half == len(parts):
        return tuple(first.picks[0].tolist()) if len(first.scores) else None
    second = combined(parts[half:], bounds - least[:half].sum(0))
    if not len(second.scores):
        return None
    found: tuple[tuple[float, ...], int, int] | None = None
    # Both halves are sorted, so the first that fits is the best.
    for i, (score, cost) in enumerate(zip(first.scores, first.costs, strict=True)):
        if found is not None and -(score + second.scores[0]) > found[0][0]:
            break
        fits = (second.costs <= bounds - cost).all(1)
        j = int(fits.argmax())
        if fits[j]:
            rank = (-float(score + second.scores[j]), *(cost + second.costs[j]).tolist())
            if found is None or rank < found[0]:
                found = rank, i, j
    return None if found is None else (*first.picks[found[1]].tolist(), *second.picks[found[2]].tolist())
