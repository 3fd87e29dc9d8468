"""`mfps serve`."""

from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from ..serve.config import ServeConfig


def model() -> "type[ServeConfig]":
    """The command's fields."""
    from ..serve.config import ServeConfig

    return ServeConfig


def serve(config: "ServeConfig") -> None:
    """Show a page for a browser on this machine: photographs are dropped and restored, and runs are looked at.

    RUNS are run folders of searches, trainings and evaluations. Nothing that is dropped is kept.
    """
    with o.quick_imports():
        from ..serve.server import serve as run

    run(config, o.console())
