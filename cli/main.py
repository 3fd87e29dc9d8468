"""`mfps`: the commands, and how errors are shown."""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import typer

from .. import __version__
from ..errors import MfpsError, NotFiniteError, RunStopped, printable
from . import (
    bench,
    degrade,
    demo,
    dictionary,
    doctor,
    evaluate,
    export,
    genotype,
    latency,
    prepare,
    rank,
    restore,
    retrain,
    search,
    select,
    serve,
    study,
    weights,
)
from .fields import Commands, add_command
from .options import process

SIGNALLED = 128
"""Plus the signal's number: the exit status after a signal, as in shells."""

ENDED_BY = {SIGNALLED + signal.SIGINT: "interrupted", SIGNALLED + signal.SIGTERM: "stopped by SIGTERM"}
"""What the user is told of a command that did not end by itself, by its exit status."""

AGAIN_S = 3
"""Seconds after which a command that SIGTERM has not ended is asked again."""

app = typer.Typer(
    name="mfps",
    cls=Commands,
    help="Two-stage neural architecture search for blind face restoration.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # "rich" would swallow defaults in brackets, such as [all]
)
add_command(app, demo.demo, demo.model)
add_command(app, prepare.prepare, prepare.model, "photos", "out")
add_command(app, search.search, search.model)
add_command(app, select.select, select.model, "run")
add_command(app, retrain.retrain, retrain.model)
add_command(app, evaluate.evaluate, evaluate.model, "weights")
add_command(app, rank.rank, rank.model, "genotype")
add_command(app, study.study, study.model, "plan")
add_command(app, bench.bench, bench.model, "network")
add_command(app, restore.restore, restore.model, "weights", "source")
add_command(app, serve.serve, serve.model, "runs")
add_command(app, export.export, export.model, "weights")
add_command(app, degrade.degrade, degrade.model, "source")
app.command("doctor")(doctor.doctor)
app.add_typer(genotype.app, name="genotype")
app.add_typer(latency.app, name="latency")
app.add_typer(weights.app, name="weights")
app.add_typer(dictionary.app, name="dictionary")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mfps {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Two-stage neural architecture search for blind face restoration."""


def main() -> None:
    """Run the command line.

    Exit status: 0 success, 1 an error of one line, 2 wrong usage, 128 plus its number after a signal (130 for Ctrl-C).
    """
    _speak_utf8()
    try:
        with _ended_by_sigterm():
            app()
    except RunStopped as stop:
        # The first process prints for all. With a status other than 0, Fabric would kill it before it has printed.
        if process():
            raise SystemExit(0) from None
        _fail(str(stop), SIGNALLED + stop.signum)
    except NotFiniteError as error:
        if process():  # all processes raise it
            raise SystemExit(1) from None
        _fail(str(error), 1)
    except MfpsError as error:
        _fail(str(error), 1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}; check that it exists, its permissions and the free space", 1)
    except RuntimeError as error:
        # By its name, as importing torch here would slow down every command; the CPU's allocator has no such class.
        if type(error).__name__ != "OutOfMemoryError" and "DefaultCPUAllocator" not in str(error):
            raise
        _fail(f"{str(error).partition('. ')[0]}; choose a smaller --batch-size or --size", 1)
    except SystemExit as end:
        # Typer turns an interruption into its status and prints nothing.
        if isinstance(end.code, int) and end.code in ENDED_BY:
            again = (
                "; continue a search, a retrain or whole photographs with --resume, and all else with the same command"
            )
            serves = sys.argv[1:2] == ["serve"]  # which has nothing to continue
            _fail(f"{ENDED_BY[end.code]}{'' if serves else again}", end.code)
        raise


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that nothing half-written is left; a second one kills at once.

    Where SIGTERM is ignored or handled already, and outside the main thread, it stays as it is.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    own, ended, asked_again = os.getpid(), threading.Event(), threading.Event()

    def ask_again() -> None:
        # Python and libraries drop an exception that comes where they cannot pass it on, and the command goes on.
        while not ended.wait(AGAIN_S):
            asked_again.set()
            os.kill(own, signal.SIGTERM)

    asking = threading.Thread(target=ask_again, daemon=True)

    def end(signum: int, _frame: FrameType | None) -> NoReturn:
        # A forked process ends at once, as a pool would take an exception for its task's.
        if os.getpid() != own or (asking.ident is not None and not asked_again.is_set()):
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        asked_again.clear()
        if asking.ident is None:
            asking.start()
        raise SystemExit(SIGNALLED + signum)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        ended.set()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _speak_utf8() -> None:
    """Start again in Python's UTF-8 mode where the locale would decide how file names are read.

    Python does so itself, unless it is told not to or the locale is one of the old encodings. A name that is UTF-8, as
    almost all are, could then be neither printed nor written to a list.
    """
    given = sys.argv[1:]
    whole = sys.orig_argv[len(sys.orig_argv) - len(given) :] == given and os.path.isfile(sys.argv[0])  # noqa: PTH113
    if sys.getfilesystemencoding() != "utf-8" and whole:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a stream of another encoding shows what it lacks as escapes
            stream.reconfigure(errors="backslashreplace")


def _fail(message: str, status: int) -> NoReturn:
    who = f"mfps (process {process()})" if process() else "mfps"
    print(f"{who}: {' '.join(printable(message).split())}", file=sys.stderr)  # noqa: T201 - the only place where errors are printed
    raise SystemExit(status)
