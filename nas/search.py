"""The search: a supernet is trained, then an architecture is selected on it."""

import time

from rich.console import Console

from ..genotypes.genotype import Genotype
from .config import SearchConfig
from .ledger import counted_stage
from .report.search_report import write_report
from .selection.config import SelectConfig
from .selection.front_files import clear_selection
from .selection.stage import Stopwatch, select_run
from .supernet_training import SupernetTraining

REPORT_SECONDS = 60
"""Least seconds between two reports of a search that goes on."""


def search(config: SearchConfig, console: Console | None = None, stopwatch: Stopwatch | None = None) -> Genotype | None:
    """Search for an architecture and write it, the whole front and a report to the run folder `config.out`.

    Args:
        config: everything about the search.
        console: where progress is shown; by default nowhere.
        stopwatch: times the members of the front, if there is a table of latencies.

    Returns:
        The genotype that was selected. Of several processes only the first selects; the others return None.

    Raises:
        MfpsError: an input cannot be used, which is found before the folder is made; nothing meets the budget; or a
            number is not finite, and what was saved stays in the folder.
        RunStopped: a signal asked the run to stop; it was saved, and the same call with `resume` continues it.
    """
    is_first = train_supernet(config, console)
    if not is_first:
        return None
    again = "continue with the same command and `resume`"
    return select_run(SelectConfig(run=config.out, device=config.device), console, again, stopwatch)


def train_supernet(config: SearchConfig, console: Console | None = None) -> bool:
    """Train the supernet of a search in the run folder `config.out`.

    After every epoch the folder holds that epoch's weights and, if the strategy decides, its genotype and drawings.

    Args:
        config: everything about the search.
        console: where progress is shown; by default nowhere.

    Returns:
        Whether this is the first process of the run.

    Raises:
        MfpsError: an input cannot be used, which is found before the folder is made; or a number is not finite, and
            what was saved stays in the folder.
        RunStopped: a signal asked the run to stop; it was saved.
    """
    training = SupernetTraining(config)
    reported, is_first = time.monotonic(), training.session.fabric.is_global_zero
    with (
        training.session.open_run(console, "search", training.parts, training.inputs) as run,
        counted_stage(config.out, "search", training.network, is_first) as ledger,
    ):
        if run.unfinished:
            run.say(f"memory    {training.memory}")
        if run.unfinished and is_first:
            clear_selection(config.out)  # it would be that of another supernet
        while run.unfinished and not training.is_settled():
            with run.roll_back_nonfinite():
                training.train_epoch(run, ledger)
                training.finish_epoch(run)
                ledger.save()
                if is_first and time.monotonic() - reported > REPORT_SECONDS:
                    write_report(config.out)
                    reported = time.monotonic()
        if run.unfinished:
            run.say(f"settled   the genotype has not changed for {config.stop_when_settled} epochs")
    return is_first
