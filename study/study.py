"""Running a study: its jobs, as many at a time as asked for, and what they come to after each of them."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from ..engine.configuration import config_values
from ..engine.device import choose_device
from ..engine.progress import track
from ..engine.run_lock import run_lock
from ..engine.stop_signals import stop_signals
from ..engine.terminal import say
from ..errors import RunStopped
from ..files.atomic_file import remove_partials
from ..files.atomic_folder import written_to
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import write_genotype
from ..nas.selection.config import SelectionFields
from .architectures import architectures
from .arm_recipe import arm_recipes, recipe_of
from .arms import SearchArm
from .begun import begin, check_begun
from .cluster import ClusterWorkers, check_cluster
from .collected import Collected, best_training, collect
from .config import StudyConfig
from .job_folder import JobFolder
from .jobs import JOBS, TIMING, Job, Jobs, genotype_file, jobs_of
from .outcome import Outcome
from .plan import Plan, read_plan
from .recipe import LIMITS, Recipe, read_recipe
from .report import study_report, write_study
from .timing import Timings, timed_on, timings_of
from .workers import Workers

SECONDS_BETWEEN_LOOKS = 0.1
"""At jobs that run, and for a signal to stop."""


class Study(NamedTuple):
    """A study that is checked and can run."""

    folder: Path
    plan: Plan
    recipe: Recipe
    recipes: dict[str, Recipe]
    """By arm."""
    jobs: Jobs
    device: str


def run_study(config: StudyConfig, console: Console | None = None) -> Collected:
    """Run the jobs of a study that are not done, and write what all of them come to.

    A job that fails does not stop the others. Given again, the study goes on: what is done is kept, and what failed is
    tried again.

    Args:
        config: the plan, the study's folder, and how many jobs run at a time.
        console: where progress is shown; by default nowhere.

    Returns:
        What the study has come to, failures included.

    Raises:
        MfpsError: the plan, its data or the folder cannot be used, which is found before anything is written.
        RunStopped: a signal asked to stop; the jobs that ran have saved what they did.
    """
    console = console or Console(quiet=True)
    if config.cluster is None:
        choose_device(config.device)
    else:
        check_cluster(config.cluster, config.cluster_options)
    plan = read_plan(config.plan)
    recipe = read_recipe(plan, config.plan)
    out = config.out.absolute()
    recipes = arm_recipes(plan, recipe, config.plan)
    known = architectures(plan, recipe, recipes, config.plan)
    jobs = jobs_of(plan, known, {name: own.rates for name, own in recipes.items()})
    study = Study(out, plan, recipe, recipes, jobs, config.device)
    check_begun(out, plan, recipe.content)
    for job in jobs.jobs.values():
        _folder(study, job).check_recipe(recipe_of(job, recipe, recipes).content)
    with written_to(out):
        out.mkdir(parents=True, exist_ok=True)
    with run_lock(out), stop_signals() as request:
        remove_partials(out)
        workers = _workers(config, out)
        begin(out, plan, recipe.content)
        for arm, every in known.items():
            for one in every:
                file = out / genotype_file(arm, one)
                if isinstance(one.genotype, Genotype) and not file.is_file():
                    file.parent.mkdir(parents=True, exist_ok=True)
                    write_genotype(one.genotype, file)
        try:
            _run_all(study, workers, console, lambda: request.signum)
        finally:
            workers.stop()
            try:
                workers.finish()
            except KeyboardInterrupt:  # asked for a second time
                workers.stop()
                workers.finish()
            collected = _publish(study, pages=True)
    if request.signum:
        raise RunStopped(
            f"the study was stopped by {signal.Signals(request.signum).name}, and its jobs have saved what they did: "
            "the same command continues it",
            request.signum,
        )
    return collected


def _workers(config: StudyConfig, out: Path) -> Workers | ClusterWorkers:
    """Who runs the jobs."""
    if config.cluster is None:
        return Workers(config.jobs)
    return ClusterWorkers(config.cluster, out, config.jobs, config.cluster_options)


def _run_all(study: Study, workers: Workers | ClusterWorkers, console: Console, stopped: Callable[[], int]) -> None:
    """Run all jobs that are not done, each after those it waits for, until none is left that could run.

    Networks are timed when nothing else is left, one at a time, as other work would change the times.
    """
    jobs = study.jobs.jobs
    done = {name for name, job in jobs.items() if _folder(study, job).done}
    spare = _timings(study, _publish(study), done).spare
    if done:
        say(console, f"goes on   {study.folder}: {len(done)} of {len(jobs) - len(spare)} jobs are done")
    with track("study", len(jobs), console, len(done | spare)) as tick:

        def run(waiting: list[str], at_a_time: int) -> None:
            while not stopped():
                free = min(workers.free, at_a_time - workers.running)
                for name in [name for name in waiting if done.issuperset(jobs[name].after)][:free]:
                    waiting.remove(name)
                    _prepare(study, jobs[name])
                    workers.start(_folder(study, jobs[name]), lambda text: say(console, text))
                if not workers.running:
                    break
                for folder in workers.ended():
                    if folder.done:
                        done.add(folder.job.name)
                    if not stopped():
                        _tell(study, folder, console, tick)
                time.sleep(SECONDS_BETWEEN_LOOKS)

        run([name for name, job in jobs.items() if name not in done and job.what != TIMING], len(jobs))
        timings = _timings(study, collect(study.folder, study.jobs), done)
        for name in timings.spare - spare:
            tick(name)
        run([name for name in timings.chosen.values() if name not in done], 1)


def _timings(study: Study, collected: Collected, done: set[str]) -> Timings:
    return timings_of(study.jobs, {one.job: one.architecture for one in collected.outcomes}, done)


def _folder(study: Study, job: Job) -> JobFolder:
    return JobFolder(study.folder / JOBS / job.name, job)


def _prepare(study: Study, job: Job) -> None:
    _folder(study, job).prepare(options_of(study, job), recipe_of(job, study.recipe, study.recipes).content)


def options_of(study: Study, job: Job) -> dict[str, Any]:
    """All options of a job's command, as plain data.

    Args:
        study: the study; the jobs that this one waits for are done.
        job: the job.
    """
    recipe, out = recipe_of(job, study.recipe, study.recipes), str(_folder(study, job).run)
    own = {name: _placed(study, name, value) for name, value in job.options.items()}
    common = {"out": out, "device": study.device}
    if job.command == "retrain":
        values = {n: v for n, v in config_values(recipe.retrain).items() if n not in ("genotype", "lr")}
        return {**values, **own, **common, "resume": True}
    if job.command == "evaluate":
        trainings = [_folder(study, study.jobs.jobs[name]) for name in job.after]
        best, _ = best_training(trainings)
        return {**config_values(recipe.judge), "weights": str(best.run), **common}
    if job.command == "bench":
        assert recipe.timing is not None
        return {**config_values(recipe.timing), "network": [str(_weights_to_time(study, job))], **common}
    search = {} if recipe.search is None else config_values(recipe.search)
    if job.command == "search":
        return {**search, **own, **common, "resume": True}
    if job.command == "select":
        fields = SelectionFields.model_fields.keys() - set(LIMITS)
        given = {name: value for name, value in search.items() if name in fields}
        return {**given, **own, **common, "data": search["data"]}
    return {**own, **common}


def _weights_to_time(study: Study, job: Job) -> Path:
    """The run that counts of the first network that was judged, of those that a job times."""
    networks = [network for network in study.jobs.networks if network.timing == job.name]
    judged = next(one for one in networks if _folder(study, study.jobs.jobs[one.judging]).done)
    return best_training([_folder(study, study.jobs.jobs[name]) for name in judged.trainings])[0].run


def _placed(study: Study, name: str, value: Any) -> Any:
    """An option, its paths taken from the study's folder."""
    if name in ("genotype", "run", "supernet"):
        return [str(study.folder / one) for one in value] if isinstance(value, list) else str(study.folder / value)
    return value


def _tell(study: Study, folder: JobFolder, console: Console, tick: Callable[..., None]) -> None:
    """Say how a job ended, and write what the study has come to."""
    collected = _publish(study)
    job, sittings = folder.job, folder.sittings()
    spent = f"{sum(one.cpu_seconds for one in sittings) / 60:.1f} CPU minutes"
    if (error := folder.error) is not None:
        say(console, f"failed    {job.name}: {error}")
    else:
        named = {network.name for network in study.jobs.networks if job.name in (network.judging, network.timing)}
        reached = [_reached(one) for one in collected.outcomes if one.job in named][:1]
        say(console, f"done      {job.name}: {', '.join([*reached, spent])}")
    tick(job.name)


def _reached(outcome: Outcome) -> str:
    mean = sum(outcome.psnr) / len(outcome.psnr)
    text = f"{mean:.3f} dB, {outcome.flops / 1e9:.4g} GFLOPs, {outcome.parameters:,} parameters"
    return text if outcome.ms is None else f"{text}, {outcome.ms:.2f} ms"


def _publish(study: Study, pages: bool = False) -> Collected:
    """Collect what the jobs have come to, and write it; `pages` too only at the end, as drawing them takes seconds."""
    collected = collect(study.folder, study.jobs)
    facts: dict[str, Any] = {"recipe_sha256": study.recipe.sha256, **study.recipe.content}
    if changes := {name: changed for name in study.plan.arms if (changed := study.plan.changes(name))}:
        facts["arms"] = changes
    timings = (_folder(study, job) for job in study.jobs.jobs.values() if job.what == TIMING)
    if machines := timed_on(folder for folder in timings if folder.done):
        facts["timing"] = {**facts["timing"], "machine": machines}
    searches = any(isinstance(arm, SearchArm) for arm in study.plan.arms.values())
    compared_with = study.plan.compared_with
    report = study_report(study.plan.name, *collected, facts=facts, compared_with=compared_with, searches=searches)
    write_study(report, study.folder, pages=pages)
    return collected
