"""The hypervolume of searched networks against that of as many random ones.

In two dimensions it is an area: what the networks cover together of the plane of cost and quality, each all that is
dearer and worse than itself, up to a reference point. It is computed here for many sets at once: a library's call for
each of some ten thousand would take as long as all else in a report.

Legend: R sets or samples, K networks in each, N random networks.
"""

from typing import NamedTuple

import numpy as np

from .estimates import SEED, TIE, interval_of

DRAWS = 10_000
"""Sets of random networks that the searched ones are compared with."""

SAMPLES, INNER = 300, 200
"""For the interval: samples of faces and seeds, each with a half of the random networks; and draws from each half."""

BARS = 40
"""Of the histogram."""


class Volume(NamedTuple):
    """The hypervolume of searched networks, in dB x decades of cost, against random ones."""

    size: int
    """Networks in each set."""
    among: int
    """Random networks to draw from."""
    value: float
    percentile: float
    """The share of draws with less, equal ones counted half, in percent."""
    interval: tuple[float, float] | None
    """None if there are too few random networks for half of them to be drawn from."""
    edges: tuple[float, ...]
    """Of the histogram's bars."""
    counts: tuple[int, ...]
    """Draws in each bar."""


def hypervolume(
    costs: np.ndarray, scores: np.ndarray, most: np.ndarray | float, least: np.ndarray | float
) -> np.ndarray:
    """The hypervolume of each set.

    Args:
        costs: (R, K); lower is better.
        scores: (R, K); higher is better.
        most: the reference point's cost, one or (R).
        least: the reference point's score, the same.

    Returns:
        (R) areas; a network that is not better than the reference point in both adds nothing.
    """
    ends, floor = (np.broadcast_to(np.reshape(each, (-1, 1)), (len(costs), 1)) for each in (most, least))
    order = np.argsort(costs, axis=1)
    costs = np.minimum(np.take_along_axis(costs, order, 1), ends)
    heights = np.maximum.accumulate(np.maximum(np.take_along_axis(scores, order, 1) - floor, 0), axis=1)
    return (heights * np.diff(np.concatenate([costs, ends], axis=1), axis=1)).sum(1)


def against_random(
    searched: tuple[np.ndarray, np.ndarray], pool: tuple[np.ndarray, np.ndarray], most: float, least: float
) -> Volume | None:
    """Compare a set of searched networks with sets of as many random ones, drawn without replacement.

    The interval is over faces, seeds and random networks: each of its values is the share among sets from another half
    of the random networks. Halves vary as much as whole samples would, and hold no network twice.

    Args:
        searched: costs (K) and scores (R, K); the scores of each sample but the first are moved for the seed noise.
        pool: costs (N, K) and scores (R, N, K) of the random networks, in the place of each searched one.
        most: the reference point's cost.
        least: its score.

    Returns:
        None if there are not more random networks than searched ones.
    """
    (costs, scores), (pool_costs, pool_scores) = searched, pool
    among, size = pool_costs.shape
    if among <= size:
        return None
    rng = np.random.default_rng((SEED, 4))
    value = hypervolume(costs[None], scores[:1], most, least)[0]
    chosen, places = _subsets(rng, DRAWS, among, size), np.arange(size)
    drawn = hypervolume(pool_costs[chosen, places], pool_scores[0][chosen, places], most, least)
    interval = None
    if among // 2 > size:
        rows = np.arange(1, len(scores))[:, None, None]
        own = hypervolume(np.broadcast_to(costs, scores[1:].shape), scores[1:], most, least)
        halves = _subsets(rng, len(own), among, among // 2)
        inner = _subsets(rng, len(own) * INNER, among // 2, size).reshape(len(own), INNER, size)
        picked = halves[rows - 1, inner]
        sets = pool_costs[picked, places], pool_scores[rows, picked, places]
        others = hypervolume(*(np.reshape(each, (-1, size)) for each in sets), most=most, least=least)
        interval = interval_of(100 * _share_below(others.reshape(len(own), INNER), own[:, None]))
    low, high = min(drawn.min(), value), max(drawn.max(), value)
    wide = high - low > 1e-6  # narrower bars would have no numbers for their edges
    counts, edges = np.histogram(drawn, BARS, (low, high) if wide else (low - 0.5, low + 0.5))
    share = float(100 * _share_below(drawn[None], np.array([[value]]))[0])
    return Volume(size, among, float(value), share, interval, tuple(map(float, edges)), tuple(map(int, counts)))


def _subsets(rng: np.random.Generator, count: int, among: int, size: int) -> np.ndarray:
    return np.argsort(rng.random((count, among)), axis=1)[:, :size]


def _share_below(values: np.ndarray, than: np.ndarray) -> np.ndarray:
    equal = abs(values - than) < TIE
    return ((values < than) & ~equal).mean(1) + equal.mean(1) / 2
