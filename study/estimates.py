"""Estimates with intervals over faces and seeds: of a network's score, and of the difference between two sides.

Two things are uncertain. Which faces are judged: they are drawn again with replacement, the same ones for both sides.
Which seeds, searches or random architectures there happened to be: of those a study has two or three, and drawing
again from so few makes intervals that are much too narrow (from three, 95% intervals miss the truth about once in
four). So each resample moves a side by a draw of Student's t distribution with the side's standard error, as wide as
its degrees of freedom demand.

Legend: N networks, F faces, R samples, the first of which is what was measured.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import counted
from ..nas.ranking.agreement import CONFIDENCE, RESAMPLES, Interval, samples
from .seed_noise import SeedNoise, seed_noise
from .trained import METRICS, Network

SEED = 0
"""Of all draws."""

TIE = 1e-9
"""Scores that differ by less are equal: sums in another order differ in their last digits."""

METHOD = (
    f"{CONFIDENCE:.0%} intervals from {RESAMPLES} resamples, seed {SEED}: faces are drawn with replacement, the same "
    "for both sides; seeds, searches and random architectures by Student's t with their standard error"
)


class Evidence(NamedTuple):
    """What the statistics are made of."""

    networks: tuple[Network, ...]
    means: dict[str, np.ndarray]
    """By metric: (R, N), the mean score of each network over the faces of each sample."""
    noise: dict[str, SeedNoise]
    """By metric."""
    faces: int


class Side(NamedTuple):
    """One side of a comparison."""

    means: np.ndarray
    """(R) mean over the faces of each sample."""
    error: float | None
    """Standard error of the mean over its seeds, searches or architectures; None if nothing tells how they scatter."""
    freedom: int
    """Degrees of freedom of the error."""
    basis: str
    """What the error rests on, in words."""


class Estimate(NamedTuple):
    """A value with what is known of its uncertainty."""

    value: float
    interval: Interval | None
    """None if neither faces nor seeds say anything."""
    complete: bool
    """Whether the interval is one over faces and over seeds. If not, it is too narrow to decide anything."""


def evidence_of(networks: tuple[Network, ...]) -> Evidence:
    """Draw the samples.

    Args:
        networks: N, all judged on the same faces; at least one.
    """
    faces = networks[0].psnr.shape[1]
    drawn = samples(faces)
    scores = {metric: np.stack([getattr(network, metric).mean(0) for network in networks]) for metric in METRICS}
    means = {metric: drawn @ scores[metric].T / faces for metric in METRICS}
    return Evidence(networks, means, {metric: seed_noise(networks, metric) for metric in METRICS}, faces)


def alone(evidence: Evidence, place: int, metric: str, trainings: int | None = None) -> Side:
    """A single architecture, whose trainings scatter as those of all architectures do.

    Args:
        evidence: of the whole study.
        place: of the network in it.
        metric: `psnr` or `ssim`.
        trainings: how many there are; by default those of this network.
    """
    count, noise = trainings or len(evidence.networks[place].seeds), evidence.noise[metric]
    means = evidence.means[metric][:, place]
    if noise.deviation is None:
        return Side(means, None, 0, f"{counted(count, 'seed')}, seed noise unknown")
    return Side(means, noise.deviation / count**0.5, noise.freedom, f"{counted(count, 'seed')}, pooled seed noise")


def together(evidence: Evidence, places: Sequence[int], metric: str) -> Side:
    """What one search found with several seeds.

    The networks scatter as the searches and the trainings do; but by no less than the trainings, as equal
    architectures are one training that stands there several times.

    Args:
        evidence: of the whole study.
        places: of the networks in it; at least one.
        metric: `psnr` or `ssim`.
    """
    networks = [evidence.networks[place] for place in places]
    trainings = len({(network.architecture, seed) for network in networks for seed in network.seeds})
    means = evidence.means[metric][:, list(places)]
    least = alone(evidence, places[0], metric, trainings)._replace(means=means.mean(1))
    if len({network.architecture for network in networks}) == 1:
        return least
    error = float(means[0].std(ddof=1)) / len(networks) ** 0.5
    if least.error is not None and least.error > error:
        return least._replace(basis=f"{counted(len(networks), 'search')}, pooled seed noise")
    return Side(means.mean(1), error, len(networks) - 1, f"scatter of {counted(len(networks), 'search')}")


def estimate(side: Side, faces: int, other: Side | None = None) -> Estimate:
    """A side's mean, or by how much it is above another side's.

    Args:
        side: the first side.
        faces: how many were judged.
        other: the second side, subtracted.
    """
    values = moved(side, 1) - (0 if other is None else moved(other, 2))
    known = all(each is None or each.error is not None for each in (side, other))
    interval = interval_of(values[1:]) if faces > 1 or known else None
    return Estimate(float(values[0]), interval, known and faces > 1)


def interval_of(values: np.ndarray) -> Interval:
    """The interval that leaves out an equal share of resamples at both ends."""
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def moved(side: Side, stream: int) -> np.ndarray:
    """The means of each sample, all but the first moved for the side's seeds: (R).

    Args:
        side: the side; one whose error is not known is not moved.
        stream: a number; other streams draw independently.
    """
    if not side.error:
        return side.means
    drawn = np.random.default_rng((SEED, stream)).standard_t(side.freedom, len(side.means) - 1)
    return side.means + np.concatenate([[0.0], side.error * drawn])
