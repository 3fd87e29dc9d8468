"""Selection: starters, every path with the best cell, then paths and cells evolved together; the front of all of it.

All that is random follows from one seed, and every measurement is on the disk before the next one begins. A selection
that was killed is therefore continued by running it again: it proposes the same, and measures only what is missing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from rich.console import Console

from ...engine.progress import track
from ...errors import MfpsError
from ...genotypes.evaluations import Evaluation
from ...genotypes.front import Baseline, Tally
from ...genotypes.genotype import Genotype
from ...networks.cost import Cost
from .candidates import Candidates
from .evolution import evolve
from .measurements import EARLIER, Measurements, Proposal, Scorer
from .sweep import MAX_PATHS, number_of_paths, swept_paths

Item = TypeVar("Item")

CostName = Literal["flops", "parameters"]
"""What a front weighs against quality."""


class Plan(NamedTuple):
    """What a selection tries; see `SelectionFields`."""

    seed: int
    population: int
    generations: int
    paths: int | None = None
    random: int = 0
    cost: CostName = "flops"


class Selection(NamedTuple):
    """What a selection found.

    Attributes:
        cost: what the front weighs against quality.
        front: the non-dominated genotypes within the budget, by ascending cost and quality.
        measured: all evaluations on this supernet, those of earlier selections too.
        baselines: the starters and what they cost, with a PSNR if they were measured.
        tally: how many were measured, by what proposed them.
        costs: of the front.
    """

    cost: CostName
    front: list[Proposal]
    measured: list[Evaluation]
    baselines: list[Baseline]
    tally: Tally
    costs: list[Cost]


def select(
    candidates: Candidates,
    judge: Scorer,
    starters: Mapping[str, Genotype],
    plan: Plan,
    folder: Path,
    console: Console | None = None,
) -> Selection:
    """Find the best genotypes of a space within a budget, from the cheapest to the best.

    Args:
        candidates: the space and the budget.
        judge: measures a genotype.
        starters: known genotypes by name. One outside the budget is only a baseline; the first one is what the paths
            are tried with if none is within it.
        plan: what is tried.
        folder: the run folder, where the measurements are kept. No other process may be working in it.
        console: where progress is shown; by default nowhere.

    Returns:
        The front, and all that was measured. What earlier selections on the same supernet measured counts too.

    Raises:
        MfpsError: no candidate within the budget was found, or the measurements on the disk were edited.
        RunStopped: a signal asked to stop; the same call continues.
    """
    measurements = Measurements(folder, candidates, judge)
    rng = np.random.default_rng(plan.seed)
    starters = {**starters, **_random_starters(candidates, plan.random, rng)}
    sweeps = {name: min(_path_count(candidates, name), plan.paths or MAX_PATHS) for name in candidates.searched}
    total = len(starters) + sum(sweeps.values()) + plan.population * plan.generations
    with track("select", total, console or Console(quiet=True)) as tick:
        steps = _Steps(measurements, tick)
        for name, genotype in steps.phase(starters.items(), len(starters)):
            if candidates.admits(genotype):
                measurements.measure(genotype, name)
        for branch, planned in sweeps.items() if starters else ():
            base = measurements.best.genotype if measurements.best else next(iter(starters.values()))
            paths = swept_paths(candidates, branch, base, plan.paths, rng)
            for genotype in steps.phase(paths, planned):
                measurements.measure(genotype, f"paths of {branch}")
        if not measurements.proposed:
            raise MfpsError(
                f"no candidate within the budget ({candidates.budget.describe()}) was found; raise `max_gflops` or "
                "`max_parameters`"
            )
        if plan.generations:
            _evolve(candidates, measurements, plan, steps, rng)
        if steps.done < total:
            tick(at=total)
    return _selection(candidates, measurements, starters, plan.cost)


def non_dominated(proposals: Sequence[Proposal], cost: CostName) -> list[Proposal]:
    """The proposals than which no other is at least as good and at most as dear; of equal ones the first by hash.

    Args:
        proposals: any of them, in any order.
        cost: what to weigh against quality.

    Returns:
        They by ascending cost, and so by ascending quality.
    """

    def cheapest_first(proposal: Proposal) -> tuple[int, float, str]:
        evaluation = proposal.evaluation
        return getattr(evaluation, cost), -evaluation.psnr, evaluation.hash

    front: list[Proposal] = []
    for proposal in sorted(proposals, key=cheapest_first):
        if not front or proposal.evaluation.psnr > front[-1].evaluation.psnr:
            front.append(proposal)
    return front


class _Steps:
    """The progress of a selection, whose phases may turn out shorter than planned."""

    def __init__(self, measurements: Measurements, tick: Callable[..., None]) -> None:
        self._measurements, self._tick, self.done = measurements, tick, 0

    def phase(self, items: Iterable[Item], planned: int) -> Iterator[Item]:
        """Pass items on, counting each when the next one is asked for."""
        for number, item in enumerate(items, 1):
            yield item
            self._show(self.done + min(number, planned))
        self.done += planned

    def step(self) -> None:
        """Count one step."""
        self.done += 1
        self._show(self.done)

    def _show(self, at: int) -> None:
        best = self._measurements.best
        self._tick("" if best is None else f"best {best.evaluation.psnr:.3f} dB", at)


def _evolve(
    candidates: Candidates, measurements: Measurements, plan: Plan, steps: _Steps, rng: np.random.Generator
) -> None:
    """Evolve what was proposed so far, filled up with random genotypes to a population."""
    first = {key: proposal.genotype for key, proposal in measurements.proposed.items()}
    for _ in range(plan.population - len(first)):
        if (drawn := candidates.random(rng)) is not None:
            first.setdefault(drawn.hash, drawn)

    def objectives(genotype: Genotype, generation: int) -> tuple[float, float]:
        evaluation = measurements.measure(genotype, f"generation {generation}")
        if generation:
            steps.step()
        return -evaluation.psnr, float(getattr(evaluation, plan.cost))

    evolve(
        candidates, list(first.values()), objectives, plan.population, plan.generations, seed=int(rng.integers(2**31))
    )


def _random_starters(candidates: Candidates, count: int, rng: np.random.Generator) -> dict[str, Genotype]:
    drawn = (candidates.random(rng) for _ in range(count))
    return {f"random {number}": genotype for number, genotype in enumerate(drawn, 1) if genotype is not None}


def _path_count(candidates: Candidates, branch: str) -> int:
    return min(number_of_paths(candidates.spaces[branch]), MAX_PATHS)


def _selection(
    candidates: Candidates, measurements: Measurements, starters: Mapping[str, Genotype], cost: CostName
) -> Selection:
    everything = list(measurements.all())
    within = [found for found in everything if candidates.admits(found.genotype)]
    origins = [found.origin for found in everything]
    tally = Tally(
        starters=sum(origin in starters for origin in origins),
        paths=sum(origin.startswith("paths of ") for origin in origins),
        generations=sum(origin.startswith("generation ") for origin in origins),
        earlier=origins.count(EARLIER),
    )
    baselines = [_baseline(candidates, measurements, name, genotype) for name, genotype in starters.items()]
    front = non_dominated(within, cost)
    costs = [candidates.cost(found.genotype) for found in front]
    return Selection(cost, front, [found.evaluation for found in everything], baselines, tally, costs)


def _baseline(candidates: Candidates, measurements: Measurements, name: str, genotype: Genotype) -> Baseline:
    known, cost = measurements.known(genotype), candidates.cost(genotype)
    return Baseline(
        name=name,
        hash=genotype.hash,
        psnr=known.psnr if known else None,
        gflops=cost.flops / 1e9,
        parameters=cost.parameters,
        ms=cost.milliseconds,
    )
