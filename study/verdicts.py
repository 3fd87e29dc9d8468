"""What a study shows, in sentences that claim no more than their intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..inference.estimate_text import estimate_text
from ..nas.ranking.agreement import Agreement
from .comparisons import EQUAL_QUALITY_DB, RANDOM, Compared, Difference, EqualQuality, Standing
from .estimates import TIE, Estimate
from .fronts import Front
from .hypervolume import Volume
from .spending import RandomSearch
from .supernet_ranking import Ranking

YES, NO, OPEN, UNKNOWN = "yes", "no", "not shown", "unknown"
"""The whole interval says so; the whole interval says the opposite; neither; there are no numbers."""

INCOMPLETE = "the interval leaves out the seeds or the faces, as there is only one"


class Verdict(NamedTuple):
    """A claim, whether it holds, and the numbers."""

    claim: str
    answer: str
    because: str


def judged(estimate: Estimate, margin: float = 0.0) -> str:
    """Whether a value is above a margin: the answer of a verdict."""
    if estimate.interval is None or not estimate.complete:
        return OPEN
    low, high = estimate.interval
    return YES if low > margin + TIE else NO if high < margin - TIE else OPEN


def decibels(estimate: Estimate) -> str:
    """A difference of PSNR as text."""
    text = estimate_text(estimate.value, estimate.interval, 3, "+").replace(" [", " dB [")
    return text if estimate.interval else f"{text} dB"


def verdicts_of(
    stakes: Estimate | None,
    differences: Sequence[Difference],
    standings: Sequence[Standing],
    members: Mapping[str, Sequence[str]],
    equal: Sequence[EqualQuality],
    volumes: Sequence[Front],
    rankings: Sequence[Ranking],
    searches: Sequence[RandomSearch],
    compared: Sequence[Compared] = (),
) -> list[Verdict]:
    """All verdicts, in the order of the report.

    Args:
        stakes: by how much the dearest network is above the cheapest.
        differences: of the searched groups to their rivals.
        standings: of the searched networks among random ones.
        members: the names of every group's networks.
        equal: of the searched groups and the published networks.
        volumes: of the sets of searched networks.
        rankings: of the supernets.
        searches: random searches of equal hours.
        compared: networks and that of the arm that the plan compares with.
    """
    found = []
    if stakes is not None:
        found.append(_verdict("The dearest network of the space is better than the cheapest", stakes))
    found += [
        _verdict(f"{row.network} beats {row.less}", row.psnr, more=f"; {row.cost_ratio:.2f} of its FLOPs")
        for row in compared
    ]
    percentiles = {row.network: row.of_its_cost for row in standings}
    for name, networks in members.items():
        rows = [row for row in differences if row.searched == name]
        if not any(row.kind == "random" for row in rows):
            why = "fewer than five random networks are finished, or none of about its cost"
            found.append(Verdict(f"{name} beats {RANDOM}", UNKNOWN, why))
        found += [_of_difference(row, [percentiles.get(network) for network in networks]) for row in rows]
    found += [_of_published(row) for row in equal]
    for row in volumes:
        found += _of_volume(row)
    for ranking in rankings:
        found += _of_ranking(ranking)
    for row in searches:
        claim = f"{row.searched} beats random search with the same CPU hours"
        more = f"; it would train {row.trainings} networks and keep one of {row.expected:.3f} dB"
        if row.trainings > row.candidates:
            found.append(Verdict(claim, OPEN, f"{decibels(row.lead)}{more} or better: {_few(row.candidates)}"))
        else:
            found.append(_verdict(claim, row.lead, more=more))
    return found


def _few(candidates: int) -> str:
    return f"there are only {candidates} random networks to tell from"


def _verdict(claim: str, estimate: Estimate, margin: float = 0.0, more: str = "") -> Verdict:
    incomplete = "" if estimate.complete else f"; {INCOMPLETE}"
    return Verdict(claim, judged(estimate, margin), f"{decibels(estimate)}{more}{incomplete}")


def _of_difference(row: Difference, percentiles: Sequence) -> Verdict:
    if row.kind == "dearest":
        claim = f"{row.searched} is less than {EQUAL_QUALITY_DB} dB below {row.rival}"
        return _verdict(claim, row.psnr, -EQUAL_QUALITY_DB, f"; {row.cost_ratio:.2f} of its FLOPs")
    if row.kind != "random":
        return _verdict(f"{row.searched} beats {row.rival}", row.psnr, more=f"; {row.cost_ratio:.2f} of its FLOPs")
    known = [each for each in percentiles if each is not None]
    places = ", ".join(estimate_text(each.value, each.interval, 0) for each in known)
    return _verdict(f"{row.searched} beats {row.rival}", row.psnr, more=f"; percentile {places}" if places else "")


def _of_published(row: EqualQuality) -> Verdict:
    claim = f"A searched network is less than {EQUAL_QUALITY_DB} dB below {row.published} and costs less"
    if row.psnr is None or row.flops_ratio is None:
        return Verdict(claim, OPEN, "none comes as near")
    more = f"; {row.searched} has {row.flops_ratio:.2f} of its FLOPs"
    verdict = _verdict(claim, row.psnr, -EQUAL_QUALITY_DB, more)
    return verdict if row.flops_ratio < 1 else verdict._replace(answer=NO)


def _of_volume(row: Front) -> list[Verdict]:
    claim = f"The front of {row.name} has more hypervolume than most draws of as many random networks of"
    kinds = ("its costs", row.at_equal_cost), ("any cost", row.anywhere)
    return [Verdict(f"{claim} {which}", *_of_draws(volume, row.complete)) for which, volume in kinds]


def _of_draws(volume: Volume | None, complete: bool) -> tuple[str, str]:
    if volume is None:
        return UNKNOWN, "there are too few of them"
    numbers = f"percentile {estimate_text(volume.percentile, volume.interval, 0)} of draws of {volume.size}"
    if volume.interval is None:
        return OPEN, f"{numbers}; {volume.among} random networks are too few for an interval"
    answer = judged(Estimate(volume.percentile, volume.interval, complete), 50.0)
    return answer, numbers + ("" if complete else f"; {INCOMPLETE}")


def _of_ranking(ranking: Ranking) -> list[Verdict]:
    claims = f"The supernet of {ranking.search} ranks networks", f"The supernet of {ranking.search} ranks better than"
    if not ranking.agreement:
        return [Verdict(claims[0], UNKNOWN, "fewer than three networks have a score on it")]
    everyone = [row for row in ranking.agreement if row.group == "all"]
    (own, *rivals) = everyone
    found = [Verdict(claims[0], *_of_tau(own))]
    for rival in rivals:
        lead, interval = rival.lead, rival.lead_interval
        answer = UNKNOWN if lead is None else judged(Estimate(lead, interval, True))
        numbers = f"tau higher by {estimate_text(lead, interval, 2, '+')}"
        found.append(Verdict(f"{claims[1]} {rival.predictor}", answer, numbers))
    return found


def _of_tau(row: Agreement) -> tuple[str, str]:
    if row.tau is None:
        return UNKNOWN, "all scores or all networks are equal"
    numbers = f"Kendall's tau {estimate_text(row.tau, row.tau_interval)} of {row.size} networks"
    return judged(Estimate(row.tau, row.tau_interval, True)), numbers
