"""What a study cost, and what random search would have found for what a search cost.

Legend: R samples.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .comparisons import Group, places_of
from .estimates import SEED, Estimate, Evidence, interval_of, moved, together
from .outcome import Outcome, Spent
from .random_trend import Trend


class Hours(NamedTuple):
    """What jobs took together."""

    arm: str
    what: str
    jobs: int
    cpu: float
    """Hours of CPU time."""
    wall: float
    """Hours on the clock."""


class RandomSearch(NamedTuple):
    """Random search with the CPU hours of one search and of the training of one network that it found.

    It trains random networks of the same cost, which takes as long as to train the searched one, and keeps the one with
    the best validation PSNR. Networks of the same cost are those of the study, moved along their trend.
    """

    searched: str
    search_hours: float
    """CPU hours of one search with its selections."""
    training_hours: float
    """CPU hours in which one searched network was trained and judged."""
    trainings: int
    """Random networks that the hours would have trained."""
    candidates: int
    """Random networks of the study that it draws from."""
    expected: float
    """Mean PSNR of the network that it keeps, in dB; too low if it trains more than there are candidates."""
    lead: Estimate
    """PSNR of the searched networks less that; complete only if it trains no more than there are candidates."""


def hours_of(ledger: Sequence[Spent]) -> list[Hours]:
    """The ledger by arm and by what was done, in one order whatever that of the ledger."""
    sums: dict[tuple[str, str], list[Spent]] = {}
    for spent in sorted(ledger):
        sums.setdefault((spent.arm, spent.what), []).append(spent)
    return [
        Hours(
            arm,
            what,
            len({spent.job for spent in rows}),
            sum(spent.cpu_seconds for spent in rows) / 3600,
            sum(spent.wall_seconds for spent in rows) / 3600,
        )
        for (arm, what), rows in sorted(sums.items())
    ]


def random_searches(
    evidence: Evidence,
    groups: Sequence[Group],
    trend: Trend | None,
    outcomes: Sequence[Outcome],
    hours: Sequence[Hours],
) -> list[RandomSearch]:
    """What random search would have found for the hours of each group's search.

    Args:
        evidence: of the whole study.
        groups: its searched networks; those whose cost the trend does not cover are left out.
        trend: of the random networks' PSNR, if there is one.
        outcomes: of which the evidence was made.
        hours: see `hours_of`. The arms may share searches: a search costs the mean of all of them.
    """
    searches = sum(row.jobs for row in hours if row.what == "search")
    searching = sum(row.cpu for row in hours if row.what == "search")
    rows = []
    for group in groups:
        seeds = {evidence.networks[place].search_seed for place in group.places}
        selecting = sum(row.cpu for row in hours if (row.arm, row.what) == (group.arm, "selection"))
        training = _training_hours(evidence, group, outcomes)
        if trend is None or not trend.covers(group.flops) or not searches or not training:
            continue
        search = searching / searches + selecting / len(seeds)
        trainings = int((search + training) / training)
        expected = _best_of(evidence, trend, group.flops, trainings)
        side, candidates = together(evidence, group.places, "psnr"), len(places_of(evidence, "random"))
        lead = moved(side, 1) - expected
        complete = side.error is not None and evidence.faces > 1 and trainings <= candidates
        found = Estimate(float(lead[0]), interval_of(lead[1:]), complete)
        rows.append(RandomSearch(group.name, search, training, trainings, candidates, float(expected[0]), found))
    return rows


def _training_hours(evidence: Evidence, group: Group, outcomes: Sequence[Outcome]) -> float:
    """CPU hours of one training of the group's networks."""
    found = {(evidence.networks[place].search_seed, evidence.networks[place].architecture) for place in group.places}
    seconds = [
        outcome.cpu_seconds
        for outcome in outcomes
        if (outcome.arm, outcome.budget) == (group.arm, group.budget)
        and (outcome.search_seed, outcome.architecture) in found
    ]
    return float(np.mean(seconds)) / 3600


def _best_of(evidence: Evidence, trend: Trend, flops: float, draws: int) -> np.ndarray:
    """Mean test PSNR of the network with the best validation PSNR of `draws` random ones of a cost: (R).

    Each sample but the first draws from another sample of the candidates, with replacement.
    """
    networks = [evidence.networks[place] for place in places_of(evidence, "random")]
    costs, validated = (np.array([getattr(one, key) for one in networks], float) for key in ("flops", "val_psnr"))
    order = np.argsort(Trend(costs, validated[None]).placed(flops)[0], kind="stable")
    reached = trend.placed(flops)[:, order]
    count, rng = len(networks), np.random.default_rng((SEED, 5))
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=len(reached) - 1)
    counts = np.concatenate([np.ones((1, count)), drawn])
    up_to = np.concatenate([np.zeros((len(reached), 1)), counts.cumsum(1) / count], axis=1)
    return (np.diff(up_to**draws, axis=1) * reached).sum(1)
