"""The base of every configuration: a frozen model whose fields also say where the help shows them.

A field is defined once: its annotation holds its name, type, default, rules and, as a `Panel`, its place in the help;
the docstring under it says what it means. The command line, YAML files and Python all use this definition.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from ..errors import MAX_VALUE, MfpsError, first_violation, shortened
from .regular_file import read_text
from .yaml_text import MAX_YAML_BYTES, YamlError, read_plain_yaml


class Panel(Enum):
    """Where the help shows a field: the common ones first, then by theme in this order."""

    COMMON = "Options"
    DATA = "Data"
    PRIORS = "Priors"
    NETWORK = "Network"
    SEARCH = "Architecture search"
    SELECTION = "Selection on the supernet"
    BUDGET = "Budget"
    TRAINING = "Training"
    REPORT = "Report"
    DEVICES = "Devices"
    SAVING = "Saving"


def _parts(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str | Path) else value


COMMAS = BeforeValidator(_parts)
"""Marks a field that takes a list, a number or a comma-separated text; on the command line, the text."""

REPEATED = BeforeValidator(_one_or_more)
"""Marks a field that takes a list or a single value; on the command line, an option that may be repeated."""


class ConfigModel(BaseModel):
    """Base of the configurations: frozen, no unknown fields; the docstring under a field is its description."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Model = TypeVar("Model", bound=ConfigModel)


def panel_of(field: FieldInfo) -> Panel:
    """Where the help shows a field."""
    (panel,) = (mark for mark in field.metadata if isinstance(mark, Panel))
    return panel


def fill(
    model: type[Model],
    given: Mapping[str, Any],
    file: Path | None = None,
    written: Mapping[str, Any] | None = None,
    beneath: Mapping[str, Any] | None = None,
    also: Sequence[str] = (),
) -> Model:
    """Fill a configuration: given values override those of a file, which override those of a preset.

    Args:
        model: the configuration.
        given: values by field; None stands for "not given".
        file: the YAML file.
        written: the file's values; read from it by default. `null` stands for a field's default.
        beneath: values of a preset.
        also: names besides the fields that the file may have, for the error that lists them.

    Raises:
        MfpsError: unreadable file, unknown field or impossible value; the message names a field in backticks, or as
            the file names it.
    """
    if written is None:
        written = {} if file is None else read_yaml(file)
    fields = model.model_fields
    given = {name: value for name, value in given.items() if value is not None}
    written = {
        name: value
        for name, value in written.items()
        if value is not None or name not in fields or fields[name].default is None
    }
    try:
        return model.model_validate({**(beneath or {}), **written, **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            close = get_close_matches(name, known := [*fields, *also], 1)
            remedy = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            place = "unknown field" if name in given else f"{file}: unknown option"
            raise MfpsError(f"{place} {shortened(name, MAX_VALUE)!r}: {remedy}") from None
        if first["type"] == "missing":
            meant = (fields[name].description or "").partition("; ")[0].removesuffix(".")
            raise MfpsError(f"`{name}` is required: give the {meant[:1].lower()}{meant[1:]}") from None
        if not name:
            raise first_violation(error, f"{file} and the options" if written else "") from None
        if name in written and name not in given:
            raise first_violation(error, str(file)) from None
        raise first_violation(error, quoted=True) from None


def read_yaml(file: Path) -> dict[str, Any]:
    """The values in a YAML file, by field.

    Raises:
        MfpsError: it cannot be read, or is not a configuration.
    """
    rule = "a configuration is `option: value` lines"
    try:
        values = read_plain_yaml(
            read_text(file, "configuration", MAX_YAML_BYTES, f"give a YAML file for `config`; {rule}")
        )
    except YamlError as error:
        raise MfpsError(f"{file}{error}: {rule}") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise MfpsError(f"{file}: {rule}, such as `epochs: 10`")
    return {key.replace("-", "_"): value for key, value in values.items()}
