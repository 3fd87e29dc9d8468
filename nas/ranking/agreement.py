"""How well a score ranks architectures: how its order agrees with that of what their networks reach when trained alone.

Everything is computed for many samples at once, each said by how often it has each architecture; the sample itself is
one of them. So 9,999 resamples cost milliseconds, where a call of scipy for each would take a minute.

Legend: N architectures, R samples.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

RESAMPLES = 9999
CONFIDENCE = 0.95

LEAST = 3
"""Fewest architectures of which a rank correlation is computed."""

LEAST_OF_THIRD = 4
"""Fewest architectures of a third of cost: three are in perfect order by chance once in six times."""

THIRDS = ("cheapest third", "middle third", "dearest third")
"""The groups besides `all`."""

TOP = (1, 3, 5)
"""How many of the best networks a predictor's choice should be among."""

Interval = tuple[float, float]


class Agreement(NamedTuple):
    """How a predictor's order agrees with the networks' in a group of architectures. None: not defined.

    Attributes:
        group: `all` or one of `THIRDS`.
        size: architectures in it.
        predictor: its name.
        tau: Kendall's tau-b, from -1 (reversed) to 1 (the same order), which corrects for ties.
        tau_interval: its bootstrap interval over architectures.
        spearman: Spearman's rank correlation.
        spearman_interval: the same.
        left_out: resamples in which they are not defined, as all values of the predictor, or all networks', are equal.
        lead: the first predictor's tau less this one's; None for the first itself.
        lead_interval: the same, over the same resamples.
    """

    group: str
    size: int
    predictor: str
    tau: float | None
    tau_interval: Interval | None
    spearman: float | None
    spearman_interval: Interval | None
    left_out: int
    lead: float | None = None
    lead_interval: Interval | None = None


class Choice(NamedTuple):
    """What is chosen by taking the architecture with a predictor's highest value, any of them where several have it.

    Attributes:
        predictor: its name.
        regret: how far the chosen network stays behind the best one, in dB: 0 is perfect.
        among_best: by k: the share of bootstrap resamples in which the choice from them is among their k best networks.
    """

    predictor: str
    regret: float
    among_best: dict[int, float]


def agreements(predictors: Mapping[str, np.ndarray], reached: np.ndarray, cost: np.ndarray) -> list[Agreement]:
    """Compare the order of each predictor with that of the networks: of all architectures, then within thirds of cost.

    Args:
        predictors: (N) values by name; the first one is the one that is judged, the others are its rivals.
        reached: (N) what the networks reach when trained alone; higher is better.
        cost: (N) by which the architectures are divided into thirds.

    Returns:
        One row for each group and predictor. Thirds of fewer than `LEAST_OF_THIRD` architectures are left out.
    """
    everyone = np.arange(len(reached))
    parts = np.array_split(np.argsort(cost, kind="stable"), len(THIRDS))
    groups = {"all": everyone} | {
        name: part for name, part in zip(THIRDS, parts, strict=True) if len(parts[-1]) >= LEAST_OF_THIRD
    }
    return [row for name, members in groups.items() for row in _agreements(name, members, predictors, reached)]


def _agreements(
    group: str, members: np.ndarray, predictors: Mapping[str, np.ndarray], reached: np.ndarray
) -> list[Agreement]:
    counts, networks = samples(len(members)), reached[members]
    rows: list[Agreement] = []
    first: np.ndarray | None = None
    for name, values in predictors.items():
        tau, spearman = rank_correlations(values[members], networks, counts)
        lead = None if first is None else first - tau
        rows.append(
            Agreement(
                group,
                len(members),
                name,
                *_estimate(tau),
                *_estimate(spearman),
                int(np.isnan(tau[1:]).sum()),
                *((None, None) if lead is None else _estimate(lead)),
            )
        )
        first = tau if first is None else first
    return rows


def choices(predictors: Mapping[str, np.ndarray], reached: np.ndarray) -> list[Choice]:
    """What each predictor would choose, and what a choice at random would be worth (`chance`).

    Args:
        predictors: (N) values by name.
        reached: (N) what the networks reach when trained alone.
    """
    present = samples(len(reached)) > 0
    # How many networks of the sample are better than each: (R, N).
    better = present.astype(float) @ (reached[:, None] > reached[None, :])
    best = np.where(present, reached, -np.inf).max(1)
    rows = []
    for name, values in {**predictors, "chance": np.zeros(len(reached))}.items():
        scored = np.where(present, values, -np.inf)
        chosen = present & (scored == scored.max(1, keepdims=True))
        share = chosen / chosen.sum(1, keepdims=True)
        regret = float(best[0] - (share[0] * reached).sum())
        among = {k: float((share * (better < k)).sum(1)[1:].mean()) for k in TOP if k < len(reached)}
        rows.append(Choice(name, max(regret, 0.0), among))
    return rows


def samples(count: int) -> np.ndarray:
    """How often each of `count` architectures is in each sample: once in the first, then as drawn with replacement.

    Returns:
        (1 + RESAMPLES, count), the same at every call.
    """
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    return np.concatenate([np.ones((1, count)), drawn])


def rank_correlations(x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kendall's tau-b and Spearman's rank correlation of two quantities in each sample.

    Args:
        x: (N) values.
        y: (N) values.
        counts: (R, N) how often each pair of values is in each sample.

    Returns:
        (R) and (R); nan where all x or all y of a sample are equal.
    """
    x_above, y_above = (np.sign(np.subtract.outer(values, values)) for values in (x, y))

    def pairs(matrix: np.ndarray) -> np.ndarray:
        return ((counts @ matrix) * counts).sum(1)

    tau = _correlation(pairs(x_above * y_above), pairs(abs(x_above)), pairs(abs(y_above)))
    # The number of values below one less those above it: its rank, shared by equal values, but centred and doubled.
    x_ranks, y_ranks = counts @ x_above.T, counts @ y_above.T
    products = ((counts * a * b).sum(1) for a, b in ((x_ranks, y_ranks), (x_ranks, x_ranks), (y_ranks, y_ranks)))
    return tau, _correlation(*products)


def _correlation(joint: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    scale = np.sqrt(own * other)
    return np.divide(joint, scale, out=np.full(len(joint), np.nan), where=scale > 0)


def _estimate(values: np.ndarray) -> tuple[float | None, Interval | None]:
    """The first value, that of the sample itself, and the interval of the others; those that are nan are left out."""
    resampled = values[1:][~np.isnan(values[1:])]
    if np.isnan(values[0]) or not len(resampled):
        return None, None
    low, high = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(values[0]), (float(low), float(high))


def spread_by_chance(count: int) -> float:
    """Standard deviation of Kendall's tau of `count` architectures whose scores have nothing to do with the networks.

    Source: Kendall (1938), for values without ties.
    """
    return (2 * (2 * count + 5) / (9 * count * (count - 1))) ** 0.5
