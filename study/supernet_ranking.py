"""Whether the supernet of each search ranked the networks as training them did."""

from typing import NamedTuple

import numpy as np

from ..nas.ranking.agreement import LEAST, Agreement, agreements, spread_by_chance
from .estimates import Evidence


class Scored(NamedTuple):
    """An architecture with its score on a supernet, and what it reached alone."""

    network: str
    flops: int
    parameters: int
    supernet_psnr: float
    supernet_rank: int
    psnr: float


class Ranking(NamedTuple):
    """A supernet's scores against the networks."""

    search: str
    """Name of the search's job."""
    networks: tuple[Scored, ...]
    """Best score first."""
    agreement: tuple[Agreement, ...]
    """Empty if there are fewer than `LEAST` networks."""
    chance: float | None
    """What 95% of taus of scores that say nothing are within; None as above."""


def rankings_of(evidence: Evidence) -> list[Ranking]:
    """A row for every supernet on which trained architectures were scored, each architecture once."""
    means = evidence.means["psnr"][0]
    found: dict[str, dict[str, tuple]] = {}
    for network, mean in zip(evidence.networks, means, strict=True):
        for search, score in network.supernet_psnr.items():
            row = (network.name, network.flops, network.parameters, score, float(mean))
            found.setdefault(search, {}).setdefault(network.architecture, row)
    return [_ranking(search, list(rows.values())) for search, rows in sorted(found.items())]


def _ranking(search: str, rows: list[tuple]) -> Ranking:
    scores = [row[3] for row in rows]
    networks = tuple(
        Scored(name, flops, parameters, score, 1 + sum(other > score for other in scores), mean)
        for name, flops, parameters, score, mean in sorted(rows, key=lambda row: (-row[3], row[0]))
    )
    if len(rows) < LEAST:
        return Ranking(search, networks, (), None)
    columns = {"supernet": "supernet_psnr", "FLOPs": "flops", "parameters": "parameters"}
    predictors = {name: np.array([getattr(each, key) for each in networks], float) for name, key in columns.items()}
    reached = np.array([each.psnr for each in networks])
    chance = min(1.96 * spread_by_chance(len(networks)), 1.0)
    return Ranking(search, networks, tuple(agreements(predictors, reached, predictors["FLOPs"])), chance)
