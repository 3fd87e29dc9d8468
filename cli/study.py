"""`mfps study`."""

from typing import TYPE_CHECKING

import typer

from . import options as o

if TYPE_CHECKING:
    from ..study.config import StudyConfig


def model() -> "type[StudyConfig]":
    """The command's fields."""
    from ..study.config import StudyConfig

    return StudyConfig


def study(config: "StudyConfig") -> None:
    """Run a study: searched, random, known and hand-made networks, each trained and judged by one recipe.

    Given again after an interruption, or with more arms and seeds in its plan, it goes on. A job that fails does not
    stop the others; the exit status is then 1.
    """
    with o.quick_imports():
        from ..study.study import run_study as run

    collected = run(config, o.console())
    o.report(f"report    {config.out / 'study.html'}, study.md, study.json")
    if collected.failures:
        o.report(*(f"failed    {one.job}: {one.error}" for one in collected.failures))
        raise typer.Exit(1)
