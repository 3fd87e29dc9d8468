"""What searched networks cover together of cost and quality, against as many random ones."""

from typing import NamedTuple

import numpy as np

from .comparisons import places_of
from .estimates import Evidence, alone, moved
from .hypervolume import SAMPLES, Volume, against_random
from .random_trend import Trend


class Front(NamedTuple):
    """The hypervolume of networks that were found together."""

    name: str
    networks: tuple[str, ...]
    at_equal_cost: Volume | None
    """Against random networks that are moved along their trend to the costs of these; None if there is no trend."""
    anywhere: Volume | None
    """Against random networks of any cost, which compares the costs too; None if there are not more of them."""
    complete: bool
    """Whether the interval includes the seed noise."""


def reference_of(evidence: Evidence, input_psnr: float) -> tuple[float, float]:
    """The reference point: the decimal logarithm of the FLOPs of the dearest network of the space, and a PSNR.

    Args:
        evidence: of the whole study.
        input_psnr: that of the degraded faces, in dB.
    """
    kinds = ("search", "random", "cheapest", "dearest")
    costs = [network.flops for network in evidence.networks if network.kind in kinds]
    return float(np.log10(max(costs, default=1))), input_psnr


def fronts_of(evidence: Evidence, trend: Trend | None, reference: tuple[float, float]) -> list[Front]:
    """The hypervolume of what each search of an arm found, and of all that the arm's searches found together.

    Args:
        evidence: of the whole study.
        trend: of the random networks' PSNR, if there is one.
        reference: see `reference_of`.
    """
    pool = places_of(evidence, "random")
    searched = [(place, evidence.networks[place]) for place in places_of(evidence, "search")]
    sets: dict[str, list[int]] = {}
    for arm in dict.fromkeys(network.arm for _, network in searched):
        own = [(place, network) for place, network in searched if network.arm == arm]
        seeds = sorted({network.search_seed for _, network in own}, key=str)
        for seed in seeds:
            sets[f"{arm}, search {seed}"] = [place for place, network in own if network.search_seed == seed]
        if len(seeds) > 1:
            sets[f"{arm}, all searches"] = [place for place, _ in own]
    costs = np.log10([float(network.flops) for network in evidence.networks])
    rows = []
    kept = np.linspace(0, len(evidence.means["psnr"]) - 1, 1 + SAMPLES).astype(int)
    means = evidence.means["psnr"][kept]
    for name, places in sets.items():
        sides = [alone(evidence, place, "psnr") for place in places]
        scores = np.stack([moved(side, 10 + place)[kept] for side, place in zip(sides, places, strict=True)], axis=1)
        complete = evidence.faces > 1 and all(side.error is not None for side in sides)
        shape, own = (len(pool), len(places)), (costs[places], scores)
        flops = [float(evidence.networks[place].flops) for place in places]
        equal = None
        if trend is not None and all(map(trend.covers, flops)):
            there = np.stack([trend.placed(each)[kept] for each in flops], axis=-1)
            equal = against_random(own, (np.broadcast_to(costs[places], shape), there), *reference)
        pool_costs = np.broadcast_to(costs[pool][:, None], shape)
        pool_scores = np.broadcast_to(means[:, pool, None], (len(means), *shape))
        anywhere = against_random(own, (pool_costs, pool_scores), *reference)
        rows.append(Front(name, tuple(evidence.networks[place].name for place in places), equal, anywhere, complete))
    return rows
