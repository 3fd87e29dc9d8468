"""How far two trainings of one architecture differ that only their seeds tell apart.

Every difference of a study is read against it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2, t

from ..nas.ranking.agreement import CONFIDENCE, Interval
from .trained import Network


class Spread(NamedTuple):
    """The mean scores that one architecture reached with several seeds."""

    name: str
    seeds: tuple[int, ...]
    means: tuple[float, ...]
    """Of each seed, over the faces."""
    deviation: float
    """Standard deviation, with one degree of freedom fewer than seeds."""


class SeedNoise(NamedTuple):
    """What the architectures with several seeds say together, taking the noise to be the same for all."""

    spreads: tuple[Spread, ...]
    deviation: float | None
    """Pooled standard deviation of one training's mean score; None if no architecture has two seeds."""
    freedom: int
    """Degrees of freedom: trainings less architectures."""
    interval: Interval | None
    """Of the deviation, if the noise is normal."""
    detectable: float | None
    """The least difference between two networks, each trained once, that noise alone would rarely make: in 5% of
    pairs."""


def seed_noise(networks: Sequence[Network], metric: str) -> SeedNoise:
    """Estimate the noise.

    The networks of several arms that have one architecture, trained alike, are one, each seed once. Those that are
    judged again do not count, as they are another arm's.

    Args:
        networks: all of them.
        metric: `psnr` or `ssim`.
    """
    together: dict[tuple[str, str], dict[int, float]] = {}
    names: dict[tuple[str, str], str] = {}
    for network in [network for network in networks if network.kind != "again"]:
        means = dict(zip(network.seeds, getattr(network, metric).mean(1), strict=True))
        key = (network.architecture, network.way)
        together[key] = means | together.get(key, {})
        names.setdefault(key, network.name)
    spreads = tuple(
        Spread(
            names[key],
            tuple(sorted(means)),
            tuple(float(means[seed]) for seed in sorted(means)),
            float(np.std(list(means.values()), ddof=1)),
        )
        for key, means in together.items()
        if len(means) > 1
    )
    freedom = sum(len(spread.seeds) - 1 for spread in spreads)
    if not freedom:
        return SeedNoise(spreads, None, 0, None, None)
    squares = sum((len(spread.seeds) - 1) * spread.deviation**2 for spread in spreads)
    deviation = (squares / freedom) ** 0.5
    low, high = ((squares / chi2.ppf(share, freedom)) ** 0.5 for share in ((1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2))
    detectable = float(t.ppf((1 + CONFIDENCE) / 2, freedom)) * 2**0.5 * deviation
    return SeedNoise(spreads, deviation, freedom, (float(low), float(high)), detectable)
