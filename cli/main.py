"""`mfps`: the commands, and how errors end."""

import sys
from typing import NoReturn

import typer

from .. import __version__
from ..errors import MfpsError
from . import degrade, demo, dictionary, doctor, evaluate, genotype, prepare, restore, retrain, search, weights

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the signal's number."""

app = typer.Typer(
    name="mfps",
    help="Two-stage neural architecture search for blind face restoration.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # "rich" would swallow defaults that are given in brackets, such as [all]
)
app.command("demo")(demo.demo)
app.command("prepare")(prepare.prepare)
app.command("search")(search.search)
app.command("retrain")(retrain.retrain)
app.command("evaluate")(evaluate.evaluate)
app.command("restore")(restore.restore)
app.command("degrade")(degrade.degrade)
app.command("doctor")(doctor.doctor)
app.add_typer(genotype.app, name="genotype")
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
    """Run the command line. Exit status: 0 done, 1 an error of one line, 2 wrong usage, 130 interrupted."""
    try:
        app()
    except MfpsError as error:
        _fail(str(error), 1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}; check that it is there, its permissions and the free space", 1)
    except RuntimeError as error:
        # By its name, as importing torch here would slow every command down.
        if type(error).__name__ != "OutOfMemoryError":
            raise
        _fail(f"{str(error).partition('. ')[0]}; take a smaller --batch-size or --size", 1)
    except SystemExit as end:
        # Typer makes an interruption this status; it says nothing of its own.
        if end.code == INTERRUPTED:
            _fail("interrupted; what finished epochs wrote is in the run folder", INTERRUPTED)
        raise


def _fail(message: str, status: int) -> NoReturn:
    print(f"mfps: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201 - the one place where errors are shown
    raise SystemExit(status)
