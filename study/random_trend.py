"""What random networks reach at a cost, and where among them another network of that cost stands.

A bin of costs holds a handful of random networks, too few for a percentile. So all of them are used: a trend of the
score over the logarithm of the FLOPs is fitted, and networks are compared by how far they are above it. That supposes
that random networks scatter about the trend as much at one cost as at another.

Legend: N random networks, R samples, P coefficients.
"""

from typing import NamedTuple

import numpy as np

from .estimates import SEED, TIE, Side, interval_of

LEAST_RANDOM = 5
"""Fewest random networks of which a trend is fitted."""

CURVED_FROM = 12
"""Fewest random networks whose trend may be curved; below it is a straight line."""

EQUAL_COST = 1.25
"""The factor within which FLOPs count as equal, where networks are counted, and beyond the random ones' range."""


class Percentile(NamedTuple):
    """The share of random networks that a network is better than, equal ones counted half, in percent."""

    value: float
    interval: tuple[float, float]
    complete: bool
    """Whether the interval includes the network's own seed noise."""


class Trend:
    """The trend of random networks over their cost, by least squares.

    Args:
        flops: (N) of the random networks, at least `LEAST_RANDOM`.
        means: (R, N) of their scores.
    """

    def __init__(self, flops: np.ndarray, means: np.ndarray) -> None:
        self._costs = np.log(flops)
        self._means = means
        degree = min(2 if len(flops) >= CURVED_FROM else 1, len(np.unique(flops)) - 1)
        self._powers = np.arange(degree + 1)
        self._solve = np.linalg.pinv(self._design(self._costs))
        fitted = self._solve.T @ self._design(self._costs).T
        # A network pulls the trend to itself; what it is above it is made larger in proportion.
        share = np.clip(1 - np.diag(fitted), 1e-9, None)
        self._above = (means - means @ fitted) / np.sqrt(share)
        self.freedom = len(flops) - degree - 1
        self.deviation = float(np.sqrt(((means[0] - means[0] @ fitted) ** 2).sum() / self.freedom))

    def _design(self, costs: np.ndarray) -> np.ndarray:
        return ((costs - self._costs.mean())[:, None]) ** self._powers

    def _weights(self, flops: np.ndarray) -> np.ndarray:
        """What the trend at these costs takes of each random network, on average over them: (N)."""
        return (self._design(np.log(flops)) @ self._solve).mean(0)

    def covers(self, flops: float) -> bool:
        """Whether there are random networks of about this cost or on both sides of it."""
        margin = np.log(EQUAL_COST)
        return bool(self._costs.min() - margin <= np.log(flops) <= self._costs.max() + margin)

    def at(self, flops: np.ndarray) -> Side:
        """What random networks reach on average at these costs, as a side of a comparison.

        Args:
            flops: one or more; the mean over them is meant.
        """
        weights = self._weights(flops)
        error = self.deviation * float(np.sqrt((weights**2).sum()))
        return Side(self._means @ weights, error, self.freedom, f"trend of {len(self._costs)} random networks")

    def placed(self, flops: float) -> np.ndarray:
        """What the random networks would reach at this cost, each as far above the trend as at its own: (R, N)."""
        weights = self._weights(np.array([flops]))
        return (self._means @ weights)[:, None] + self._above * np.sqrt(1 + (weights**2).sum())

    def percentile(self, flops: float, moved: np.ndarray, complete: bool) -> Percentile:
        """Where a network of this cost stands among the random ones.

        Args:
            flops: its cost.
            moved: (R) its scores, moved for its seed noise.
            complete: whether they are.
        """
        return percentile_among(moved, self.placed(flops), complete)


def percentile_among(moved: np.ndarray, others: np.ndarray, complete: bool) -> Percentile:
    """Where a value stands among others.

    The interval is over the samples, and over which random networks there happened to be: of N of which m are worse,
    the share is drawn from the Beta distribution of Jeffreys (m + 1/2, N - m + 1/2). So a network that is better than
    all of 10 is not said to be better than all there are.

    Args:
        moved: (R) the value.
        others: (R, N).
        complete: whether the value was moved for its seed noise.
    """
    size = others.shape[1]
    apart = np.where(abs(moved[:, None] - others) < TIE, 0, np.sign(moved[:, None] - others))
    worse = ((apart + 1) / 2).sum(1)
    shares = np.random.default_rng((SEED, 3)).beta(worse[1:] + 0.5, size - worse[1:] + 0.5)
    low, high = interval_of(100 * shares)
    bounds = 0.0 if worse[0] == 0 else low, 100.0 if worse[0] == size else high
    return Percentile(float(100 * worse[0] / size), bounds, complete)


def beaten_near(flops: float, mean: float, others: np.ndarray, means: np.ndarray) -> tuple[int, int]:
    """How many random networks within `EQUAL_COST` of a cost there are, and how many of them a network is better than.

    Args:
        flops: the network's cost.
        mean: its score.
        others: (N) FLOPs of the random networks.
        means: (N) their scores.
    """
    near = abs(np.log(others) - np.log(flops)) <= np.log(EQUAL_COST)
    return int(near.sum()), int((near & (means < mean)).sum())
