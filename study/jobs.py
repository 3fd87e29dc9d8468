"""The jobs of a study: which commands of mfps it runs, with which options, and which of them wait for which others.

plan.json              the plan and the recipe as they are
genotypes/ARM/         the architectures that no search has to find
jobs/searches/seed0/                      a search: its supernet
jobs/selections/seed0-0.1-gflops/         a selection on it, within a budget
jobs/networks/ARM/LABEL-seed0/training/   the training of a network; training-lr0.001/ where there are several rates
jobs/networks/ARM/LABEL-seed0/judging/    its evaluation
jobs/rankings/seed0-0123abcd/             the scores of the study's genotypes on a supernet
jobs/timings/ARM/LABEL/                   how fast an architecture runs, where the plan has `timing`
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..files.hashes import sha256_of_texts
from ..genotypes.hand_made import HandMade
from .architectures import Architecture
from .arms import AgainArm, SearchArm
from .plan import Plan

JOBS, GENOTYPES = "jobs", "genotypes"
"""Folders in a study's folder."""

TIMING = "timing"
"""What a job is that times an architecture; such jobs run last, and alone."""

RUN = "run"
"""In a job's folder, what its command writes."""


class Job(NamedTuple):
    """One command."""

    name: str
    """Its folder below `jobs`."""
    what: str
    """`search`, `selection`, `training`, `judging`, `ranking` or `timing`."""
    arm: str
    seed: int
    """Of the training; of the search, if it is no training."""
    command: str
    """Of mfps."""
    options: Mapping[str, Any]
    """What it sets besides the recipe. Paths are relative to the study's folder."""
    after: tuple[str, ...] = ()
    """Jobs that must have ended well before."""


class Network(NamedTuple):
    """A network that is trained and judged."""

    name: str
    """Its folder below `jobs`."""
    arm: str
    kind: str
    seed: int
    search_seed: int | None
    budget: str | None
    trainings: tuple[str, ...]
    """Jobs: one a learning rate."""
    judging: str
    """The job."""
    timing: str | None = None
    """The job, which the network shares with those of its other seeds; None if the plan has no `timing`."""
    way: str = ""
    """What its training differs in from the study's recipe, in words; empty if it follows it."""


class Jobs(NamedTuple):
    """The jobs of a study."""

    jobs: dict[str, Job]
    """By name; each stands behind those it waits for."""
    networks: tuple[Network, ...]


class _Trained(NamedTuple):
    """An architecture of an arm, as its trainings are given it."""

    label: str
    options: Mapping[str, Any]
    after: tuple[str, ...] = ()
    search_seed: int | None = None
    budget: str | None = None


def jobs_of(plan: Plan, known: Mapping[str, Sequence[Architecture]], rates: Mapping[str, Sequence[float]]) -> Jobs:
    """The jobs of a plan.

    Args:
        plan: the study's.
        known: the architectures that no search has to find, by arm.
        rates: learning rates at which every network is trained, by arm.
    """
    jobs: dict[str, Job] = {}
    for name, arm in plan.arms.items():
        if isinstance(arm, SearchArm):
            for job in _searches(name, arm):
                jobs.setdefault(job.name, job)
    selections = [job.name for job in jobs.values() if job.what == "selection"]
    networks: list[Network] = []
    timings: list[Job] = []
    for name, arm in plan.arms.items():
        for trained in _trained(name, arm, known.get(name, ())):
            seeds, timing = plan.seeds_of(name), None
            if plan.timing is not None:
                timing = f"timings/{name}/{trained.label or 'network'}"
                timings.append(Job(timing, TIMING, name, seeds[0], "bench", {}))
            for seed in seeds:
                network, own = _network(name, arm.kind, trained, seed, rates[name])
                networks.append(network._replace(way=_way(plan, name), timing=timing))
                jobs |= {job.name: job for job in own}
    for name, arm in plan.arms.items():
        if isinstance(arm, AgainArm):
            for other in [network for network in networks if network.arm == arm.networks_of]:
                own = f"networks/{name}/seed{other.seed}"
                judging = Job(f"{own}/judging", "judging", name, other.seed, "evaluate", {}, other.trainings)
                jobs[judging.name] = judging
                networks.append(other._replace(name=own, arm=name, kind=arm.kind, judging=judging.name))
    ranked = [genotype_file(arm, one) for arm, every in known.items() for one in every if one.in_space]
    for job in list(jobs.values()):
        if job.what == "search":
            jobs |= {one.name: one for one in _rankings(job, ranked, selections)}
    jobs |= {job.name: job for job in timings}
    return Jobs(jobs, tuple(networks))


def genotype_file(arm: str, one: Architecture) -> str:
    """Where an architecture's genotype stands, relative to the study's folder."""
    return f"{GENOTYPES}/{arm}/{one.label or 'genotype'}.json"


def _searches(name: str, arm: SearchArm) -> Iterator[Job]:
    for seed in arm.search_seeds:
        search = f"searches/seed{seed}"
        # The selections follow as jobs of their own; a search ends with a short one.
        short = {"generations": 0, "population": 2, "select_paths": 1, "select_random": 0}
        yield Job(search, "search", name, seed, "search", {"seed": seed, **short})
        before = search
        for budget in arm.budgets:  # one after the other, as a selection locks the search's folder
            options = {"run": f"{JOBS}/{search}/{RUN}", **budget.model_dump(exclude_none=True)}
            selection = _selection(seed, budget.text)
            yield Job(selection, "selection", name, seed, "select", options, (search, before))
            before = selection


def _selection(seed: int, budget: str) -> str:
    return f"selections/seed{seed}-{re.sub(r'[^a-z0-9.]+', '-', budget.lower().replace('%', ' percent'))}"


def _trained(name: str, arm: Any, known: Sequence[Architecture]) -> Iterator[_Trained]:
    if isinstance(arm, SearchArm):
        for seed in arm.search_seeds:
            for budget in arm.budgets:
                job = _selection(seed, budget.text)
                found = {"genotype": f"{JOBS}/{job}/{RUN}"}
                yield _Trained(job.partition("/")[2].replace("seed", "search"), found, (job,), seed, budget.text)
    for one in known:
        made = isinstance(one.genotype, HandMade)
        yield _Trained(one.label, {"hand_made": str(one.genotype)} if made else {"genotype": genotype_file(name, one)})


def _way(plan: Plan, name: str) -> str:
    return ", ".join(f"{option} {value}" for option, value in plan.changes(name).get("recipe", {}).items())


def _network(arm: str, kind: str, trained: _Trained, seed: int, rates: Sequence[float]) -> tuple[Network, list[Job]]:
    name = f"networks/{arm}/{trained.label}{'-' * bool(trained.label)}seed{seed}"
    jobs: list[Job] = []
    for rate in rates:
        training = f"{name}/training{f'-lr{rate:g}' * (len(rates) > 1)}"
        options = {**trained.options, "seed": seed, "lr": rate}
        jobs.append(Job(training, "training", arm, seed, "retrain", options, trained.after))
    trainings = tuple(job.name for job in jobs)
    judging = Job(f"{name}/judging", "judging", arm, seed, "evaluate", {}, trainings)
    network = Network(name, arm, kind, seed, trained.search_seed, trained.budget, trainings, judging.name)
    return network, [*jobs, judging]


def _rankings(search: Job, files: Sequence[str], selections: Sequence[str]) -> Iterator[Job]:
    """All genotypes on one supernet. If the plan grows, so do they, and are ranked anew in another folder."""
    genotypes = sorted([*files, *(f"{JOBS}/{selection}/{RUN}" for selection in selections)])
    name = f"rankings/{Path(search.name).name}-{sha256_of_texts(*genotypes)[:8]}"
    options = {"supernet": f"{JOBS}/{search.name}/{RUN}", "genotype": genotypes}
    yield Job(name, "ranking", search.arm, search.seed, "rank", options, (search.name, *selections))
