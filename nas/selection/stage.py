"""The stage of selection: a finished search in, the front and the best genotype under the budget out.

`select_run` opens a search for `run_selection`; a search ends with it, and so does `mfps select`.
"""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from ... import __version__
from ...engine.run_lock import run_lock
from ...engine.stop_signals import StopRequest, stop_signals
from ...engine.terminal import say
from ...errors import MfpsError, RunStopped, printable
from ...files.atomic_file import remove_partials
from ...files.atomic_folder import atomic_files, atomic_folder, check_free, check_writable, clear_leftovers
from ...files.history import read_history
from ...genotypes.front import FRONT_FOLDER, Counted
from ...genotypes.genotype import Genotype
from ...genotypes.genotype_file import published_names, read_genotype
from ..backbone_costs import BackboneCosts
from ..budget import resolve_budget
from ..decode_within import decode_within
from ..latency_table import LatencyTable, usable_table
from ..ledger import counted_stage
from ..open_search import OpenSearch, open_search
from ..report.search_report import write_report
from ..search_files import DECODED
from .candidates import Candidates
from .config import SelectConfig, SelectionFields
from .front_files import OWN_FILES, front_of, write_front
from .measurements import Scorer
from .select import Plan, select

Stopwatch = Callable[[LatencyTable, Sequence[Genotype], Console | None], Sequence[float]]
"""Times the networks of genotypes in the way of a table, in milliseconds; see `bench.latency.finalists`."""


def select_run(
    config: SelectConfig,
    console: Console | None = None,
    again: str = "the same command continues it",
    stopwatch: Stopwatch | None = None,
) -> Genotype:
    """Select on the supernet of a finished search.

    Args:
        config: the search, the budget, and what is tried. A field that was not set is as in the search.
        console: where progress is shown; by default nowhere.
        again: what to do where it is stopped, for the message.
        stopwatch: times the members of the front, if there is a table of latencies.

    Returns:
        The best genotype within the budget.

    Raises:
        MfpsError: an input cannot be used, which is found before anything is written.
        RunStopped: a signal asked to stop; what was measured is kept.
    """
    check_writable(config.run)
    if config.out is not None:
        check_free(config.out)
    opened = open_search(config.run, config.device, config.data)
    if config.size not in (None, opened.config.size):
        raise MfpsError(
            f"`size` is {config.size}: {config.run} searched at {opened.config.size} pixels, and a budget is counted "
            "at that size; leave it out"
        )
    fields = SelectionFields(
        **{name: _value(name, config, opened.config) for name in SelectionFields.model_fields}  # pyright: ignore[reportArgumentType]
    )
    with run_lock(config.run), stop_signals() as request:
        selected = run_selection(
            opened,
            fields,
            config.run,
            console,
            lambda: _stop(request, config.run, again),
            config.out,
            config.seed,
            stopwatch,
        )
    for alarm in read_history(config.run)[-1].get("alarms", ()):
        if alarm["name"] == "idle" and console is not None:
            idle = f"the {alarm['branch']} branch is idle (worth {alarm['value']:+.2f} dB in the last epoch)"
            say(console, f"note      {idle}: what was selected in it is chance; docs/search.md says what helps")
    return selected


def run_selection(
    opened: OpenSearch,
    fields: SelectionFields,
    folder: Path,
    console: Console | None,
    stop_if_asked: Callable[[], None],
    out: Path | None = None,
    seed: int | None = None,
    stopwatch: Stopwatch | None = None,
) -> Genotype:
    """Select on an opened search, and write the front.

    Args:
        opened: the search, whose run folder is locked. In a run of several processes, the first one alone calls this.
        fields: the budget and what is tried.
        folder: the run folder: measurements are kept there, and the front unless `out` is given.
        console: where progress is shown; None for nowhere.
        stop_if_asked: called before every measurement; raises RunStopped to stop.
        out: a new folder for the front.
        seed: of everything random; by default the search's.
        stopwatch: as in `select_run`.

    Returns:
        The best genotype within the budget.

    Raises:
        MfpsError: nothing meets the budget, or files in the run folder were edited.
        RunStopped: `stop_if_asked` raised it.
    """
    searched, run = opened.searched, opened.config
    network = searched.restorer.config
    costs = searched.costs(run.size, fields.latency)
    budget = resolve_budget(costs, **fields.limits)
    candidates = Candidates(searched.spaces, searched.fixed, costs, budget, searched.backbones)
    plan = Plan(
        run.seed if seed is None else seed,
        fields.population,
        fields.generations,
        fields.select_paths,
        fields.select_random if searched.backbones is None else max(fields.select_random, fields.population),
        fields.front_cost,
    )
    clear_leftovers(folder, FRONT_FOLDER)
    remove_partials(folder)
    starters = _starters(opened, candidates, plan)
    with counted_stage(folder, "selection", searched.restorer) as ledger:

        def psnr(genotype: Genotype) -> float:
            ledger.count(steps=1)
            return opened.judge.psnr(genotype)

        judge = Scorer(psnr, opened.judge.digest, stop_if_asked)
        selection = select(candidates, judge, starters, plan, folder, console)
    table = None if fields.latency is None else usable_table(fields.latency)
    counted = Counted(size=run.size, iterations=network.iterations, machine=None if table is None else table.described)
    finalists = [found.genotype for found in selection.front]
    measured = () if table is None or stopwatch is None else stopwatch(table, finalists, console)
    front = front_of(selection, opened.judge.digest, counted, budget, measured)
    name, provenance = f"{printable(run.data.absolute().name)}-seed{run.seed}", _provenance(opened)
    if out is not None:
        with atomic_folder(out) as hidden:
            return write_front(hidden, front, selection, name, provenance)
    with atomic_files(folder, FRONT_FOLDER, OWN_FILES) as hidden:
        best = write_front(hidden, front, selection, name, provenance)
    write_report(folder)
    return best


def _value(name: str, config: SelectConfig, run: Any) -> Any:
    """A field as it was given, else as the search has it."""
    return getattr(config if name in config.model_fields_set else run, name, getattr(config, name))


def _starters(opened: OpenSearch, candidates: Candidates, plan: Plan) -> dict[str, Genotype]:
    """What a selection begins with and is compared with, by name."""
    searched, file = opened.searched, opened.folder / DECODED
    if isinstance(candidates.costs, BackboneCosts):
        return _wide_starters(candidates, plan)
    starters = {"decoded": read_genotype(file)} if file.exists() else {}
    if not all(map(candidates.admits, starters.values())) or not starters:
        within = decode_within(
            candidates.spaces, searched.probabilities(), searched.fixed, candidates.costs, candidates.budget
        )
        name = "decoded within the budget" if starters else "first within the budget"
        starters[name] = candidates.genotype(within)
    starters["cheapest"] = candidates.genotype(getattr(candidates.costs.least, plan.cost).branches)
    published = {f"published {name}": read_genotype(name) for name in published_names()}
    return starters | {name: genotype for name, genotype in published.items() if candidates.holds(genotype)}


def _wide_starters(candidates: Candidates, plan: Plan) -> dict[str, Genotype]:
    """Those of a space in which the backbone is chosen: the cheapest, the dearest, and published ones."""
    starters: dict[str, Genotype] = {}
    for name, landmarks in (("cheapest", candidates.costs.least), ("dearest", candidates.costs.greatest)):
        landmark = getattr(landmarks, plan.cost)
        starters[name] = candidates.genotype(landmark.branches, landmark.backbone)
    published = {f"published {name}": read_genotype(name) for name in published_names()}
    alike = {name: found for name, found in published.items() if found.present.keys() == candidates.spaces.keys()}
    whole = {name: Genotype.of(found.present, candidates.whole) for name, found in alike.items()}
    return starters | {name: genotype for name, genotype in whole.items() if candidates.holds(genotype)}


def _provenance(opened: OpenSearch) -> dict[str, Any]:
    """What a selected genotype says about its origin: nothing that differs between equal runs."""
    config, channels = opened.config, opened.searched.restorer.config.prior_channels
    return {
        "kind": "selection",
        "mfps": __version__,
        "data": printable(config.data.absolute().name),
        "size": config.size,
        "degradation": config.degradation,
        "strategy": config.strategy,
        "seed": config.seed,
        "fixed": sorted(opened.searched.fixed),
        "supernet": opened.judge.digest,
        **({"prior_channels": dict(channels)} if channels else {}),
    }


def _stop(request: StopRequest, folder: Path, again: str) -> None:
    if request.signum:
        raise RunStopped(
            f"the selection was stopped by {signal.Signals(request.signum).name}, and what it measured is saved in "
            f"{folder}: {again}",
            request.signum,
        )
