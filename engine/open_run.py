"""Opening a run: lock its folder, load its newest checkpoint, open its journal, and catch the signals to stop."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lightning_fabric import Fabric
from rich.console import Console

from ..errors import RunStopped
from ..files.atomic_folder import written_to
from .configuration import RunConfig
from .journal import Journal
from .position import Length
from .processes import largest, lost_process
from .progress import track
from .run import Run
from .run_folder import begin_run_folder, check_run_folder, clear_run_folder
from .run_inputs import Inputs
from .run_lock import run_lock
from .run_store import RunStore
from .stop_signals import stop_signals
from .timed_choice import Choice
from .training_state import Parts


@contextmanager
def open_run(
    config: RunConfig,
    fabric: Fabric,
    console: Console | None,
    label: str,
    length: Length,
    parts: Parts,
    inputs: Inputs,
    choice: Choice | None = None,
) -> Iterator[Run]:
    """Lock a run folder while the block runs, and continue from its newest checkpoint if there is one.

    Args:
        config: of the run.
        fabric: its devices; the processes have been started.
        console: shows the progress; None shows nothing.
        label: what the run does, for the progress.
        length: epochs and steps of the run.
        parts: the modules and optimizers that it changes; filled from the checkpoint.
        inputs: what the run is given; a run that is resumed must have been started with the same.
        choice: how the network is computed, for the record.

    Raises:
        MfpsError: the folder holds another run, is used by another process, or cannot be written; or a run that is
            resumed was started with something else.
        RunStopped: a signal stopped the run, which is saved.
    """
    folder, first = config.out, fabric.is_global_zero
    with ExitStack() as stack, _clear_errors(folder):
        if first:
            with written_to(folder):
                folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(run_lock(folder))
                check_run_folder(config)  # again, now that no other process can change it
                clear_run_folder(config)
        largest(fabric, 0)  # the other processes wait until the folder exists
        request = stack.enter_context(stop_signals())
        console = Console(quiet=True) if console is None else console
        run = Run(config, fabric, console, length, RunStore(config, fabric, parts, inputs), request)
        resumed = run.load()
        if first:
            with written_to(folder):
                begin_run_folder(config, choice)
        if resumed:
            done = f"{run.position.epoch} epochs and {run.position.step} of {length.steps} steps are done"
            run.say(f"resumed   {folder}: {done}")
        else:
            run.save()
        position = run.position
        journal = stack.enter_context(Journal(folder, position.history, position.step)) if first else None
        run.attach(journal, stack.enter_context(track(label, length.steps, run.console, position.step)))
        try:
            yield run
        except RunStopped:
            if run.unsaved:
                run.save()
            raise


@contextmanager
def _clear_errors(folder: Path) -> Iterator[None]:
    """Replace errors that do not say which process or file is meant by ones that do."""
    try:
        yield
    except RuntimeError as error:
        raise lost_process(error, folder) or error from None
    except OSError as error:
        error.filename = error.filename or str(folder)  # the error of a full disk names no file
        raise
