"""Searched networks against the others of a study: by how much they are better, and their place among random ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .estimates import Estimate, Evidence, Side, alone, estimate, moved, together
from .random_trend import LEAST_RANDOM, Percentile, Trend, beaten_near, percentile_among
from .trained import METRICS

EQUAL_QUALITY_DB = 0.05
"""PSNR by which a network may stay behind another and still counts as equally good."""

RIVALS = ("cheapest", "dearest", "genotype", "hand-made")
"""Kinds of arms that searched networks are compared with one by one."""

RANDOM = "random of its cost"


class Group(NamedTuple):
    """What the searches of an arm found within one budget, with each of their seeds."""

    name: str
    arm: str
    budget: str | None
    places: tuple[int, ...]
    """Of its networks in the evidence."""
    flops: float
    """Geometric mean."""


class Difference(NamedTuple):
    """By how much searched networks are above another one."""

    searched: str
    rival: str
    kind: str
    """Of the rival's arm; `random` for the trend of random networks at the same cost."""
    cost_ratio: float
    """FLOPs of the searched networks over those of the rival."""
    psnr: Estimate
    ssim: Estimate
    basis: str
    """What the part of the interval rests on that is not over faces: the searched side's; the rival's."""


class Compared(NamedTuple):
    """By how much a network is above that of the arm that the plan compares with."""

    network: str
    arm: str
    kind: str
    less: str
    """The network of the other arm."""
    cost_ratio: float
    """FLOPs over those of the other one."""
    psnr: Estimate
    ssim: Estimate
    basis: str
    """As in a `Difference`."""


class Standing(NamedTuple):
    """Where a searched network stands among the random ones."""

    network: str
    flops: int
    of_its_cost: Percentile | None
    """By how far it is above their trend; None if there are too few, or none of about its cost."""
    near: int
    """Random networks of nearly its cost."""
    near_beaten: int
    """How many of them it is better than."""
    in_all: Percentile


class EqualQuality(NamedTuple):
    """The cheapest searched networks that are as good as a published one."""

    published: str
    searched: str | None
    """None if none is."""
    psnr: Estimate | None
    flops_ratio: float | None
    parameters_ratio: float | None
    ms_ratio: float | None
    shown: bool
    """Whether the whole interval is above the margin."""


def groups_of(evidence: Evidence) -> list[Group]:
    """The searched networks, by arm and budget."""
    found: dict[tuple[str, str | None], list[int]] = {}
    for place, network in enumerate(evidence.networks):
        if network.kind == "search":
            found.setdefault((network.arm, network.budget), []).append(place)
    groups = []
    for (arm, budget), places in found.items():
        flops = float(np.exp(np.mean(np.log([evidence.networks[place].flops for place in places]))))
        groups.append(Group(f"{arm} {budget}" if budget else arm, arm, budget, tuple(places), flops))
    return sorted(groups, key=lambda group: (group.arm, group.flops, group.name))


def places_of(evidence: Evidence, kind: str) -> list[int]:
    """The places of the networks of a kind of arms. Of the random ones, each architecture once."""
    places = [place for place, network in enumerate(evidence.networks) if network.kind == kind]
    if kind == "random":
        return list({evidence.networks[place].architecture: place for place in reversed(places)}.values())[::-1]
    return places


def trends_of(evidence: Evidence) -> dict[str, Trend]:
    """The trend of the random networks by metric; empty if they are too few."""
    places = places_of(evidence, "random")
    if len(places) < LEAST_RANDOM:
        return {}
    flops = np.array([evidence.networks[place].flops for place in places], float)
    return {metric: Trend(flops, evidence.means[metric][:, places]) for metric in METRICS}


def differences_of(evidence: Evidence, groups: Sequence[Group], trends: dict[str, Trend]) -> list[Difference]:
    """Every group against random networks of its cost, and against the network of every other arm nearest in cost.

    Args:
        evidence: of the whole study.
        groups: its searched networks.
        trends: see `trends_of`.
    """
    rows = []
    for group in groups:
        flops = np.array([evidence.networks[place].flops for place in group.places], float)
        if trends and all(trends["psnr"].covers(float(each)) for each in flops):
            rivals = {metric: trends[metric].at(flops) for metric in METRICS}
            rows.append(_difference(evidence, group, RANDOM, "random", 1.0, rivals))
        for place in _nearest(evidence, group):
            rival = evidence.networks[place]
            sides = {metric: alone(evidence, place, metric) for metric in METRICS}
            rows.append(_difference(evidence, group, rival.name, rival.kind, group.flops / rival.flops, sides))
    return rows


def _nearest(evidence: Evidence, group: Group) -> list[int]:
    """Of every arm that is no search and not random, the network nearest in cost."""
    nearest: dict[tuple[int, str], int] = {}
    for place, network in enumerate(evidence.networks):
        if network.kind in RIVALS:
            key, distance = (RIVALS.index(network.kind), network.arm), abs(np.log(network.flops / group.flops))
            best = nearest.setdefault(key, place)
            if distance < abs(np.log(evidence.networks[best].flops / group.flops)):
                nearest[key] = place
    return [nearest[key] for key in sorted(nearest)]


def _difference(
    evidence: Evidence, group: Group, rival: str, kind: str, ratio: float, sides: dict[str, Side]
) -> Difference:
    own = {metric: together(evidence, group.places, metric) for metric in METRICS}
    psnr, ssim = (estimate(own[metric], evidence.faces, sides[metric]) for metric in METRICS)
    return Difference(group.name, rival, kind, ratio, psnr, ssim, f"{own['psnr'].basis}; {sides['psnr'].basis}")


def compared_of(evidence: Evidence, arm: str | None) -> list[Compared]:
    """The networks of all other arms against that of one; empty if the plan names none, or it is not finished."""
    found = [place for place, network in enumerate(evidence.networks) if network.arm == arm]
    rows: list[Compared] = []
    for place, network in enumerate(evidence.networks if found else ()):
        if network.arm == arm:
            continue
        other = evidence.networks[found[0]]
        own, sides = ({m: alone(evidence, at, m) for m in METRICS} for at in (place, found[0]))
        psnr, ssim = (estimate(own[metric], evidence.faces, sides[metric]) for metric in METRICS)
        ratio, basis = network.flops / other.flops, f"{own['psnr'].basis}; {sides['psnr'].basis}"
        rows.append(Compared(network.name, network.arm, network.kind, other.name, ratio, psnr, ssim, basis))
    return rows


def stakes_of(evidence: Evidence) -> Estimate | None:
    """By how much PSNR the space's dearest network is above its cheapest; None if one of them is missing."""
    ends = [places_of(evidence, kind) for kind in ("dearest", "cheapest")]
    if not all(ends):
        return None
    dearest, cheapest = (alone(evidence, places[0], "psnr") for places in ends)
    return estimate(dearest, evidence.faces, cheapest)


def standings_of(evidence: Evidence, trends: dict[str, Trend]) -> list[Standing]:
    """Where every searched network stands among the random ones by PSNR; empty without random ones."""
    others, means = places_of(evidence, "random"), evidence.means["psnr"]
    if not others:
        return []
    costs = np.array([evidence.networks[place].flops for place in others], float)
    rows = []
    for place in places_of(evidence, "search"):
        network, side = evidence.networks[place], alone(evidence, place, "psnr")
        own, known = moved(side, 1), side.error is not None and evidence.faces > 1
        trend, flops = trends.get("psnr"), float(network.flops)
        of_its_cost = trend.percentile(flops, own, known) if trend and trend.covers(flops) else None
        near, beaten = beaten_near(flops, float(means[0, place]), costs, means[0, others])
        in_all = percentile_among(own, means[:, others], known)
        rows.append(Standing(network.name, network.flops, of_its_cost, near, beaten, in_all))
    return rows


def equal_quality_of(evidence: Evidence, groups: Sequence[Group]) -> list[EqualQuality]:
    """For every published network, the cheapest searched group that is no more than the margin below it."""
    rows = []
    for place in places_of(evidence, "genotype"):
        published, side = evidence.networks[place], alone(evidence, place, "psnr")
        row = EqualQuality(published.name, None, None, None, None, None, False)
        for group in sorted(groups, key=lambda group: (group.flops, group.name), reverse=True):
            found = estimate(together(evidence, group.places, "psnr"), evidence.faces, side)
            if found.value < -EQUAL_QUALITY_DB:
                continue
            members = [evidence.networks[member] for member in group.places]
            times = [member.ms for member in members if member.ms is not None]
            parameters = float(np.mean([member.parameters for member in members]))
            shown = found.complete and found.interval is not None and found.interval[0] > -EQUAL_QUALITY_DB
            row = EqualQuality(
                published.name, group.name, found, group.flops / published.flops, parameters / published.parameters,
                float(np.mean(times)) / published.ms if times and published.ms else None, shown,
            )  # fmt: skip
        rows.append(row)
    return rows
