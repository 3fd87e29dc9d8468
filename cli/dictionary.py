"""`mfps dictionary`: build."""

from typing import TYPE_CHECKING

import typer

from . import options as o
from .fields import Commands, add_command

if TYPE_CHECKING:
    from ..priors.dictionary.config import DictionaryConfig


def model() -> "type[DictionaryConfig]":
    """The fields of `build`."""
    from ..priors.dictionary.config import DictionaryConfig

    return DictionaryConfig


def build(config: "DictionaryConfig") -> None:
    """Build a dictionary of eyes, noses and mouths by clustering those of many faces, and draw its entries."""
    from ..priors.dictionary.build import build_dictionary

    picture = build_dictionary(config, o.console())
    o.report(f"dictionary  {config.out}")
    o.report(f"pictures    {picture}")


def group() -> None:
    """Build facial dictionaries."""


app = typer.Typer(name="dictionary", cls=Commands, help="Facial dictionaries: build.", no_args_is_help=True)
app.callback()(group)
add_command(app, build, model, "data")
