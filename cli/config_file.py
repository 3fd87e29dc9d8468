"""`--config FILE` of the commands without a configuration of their own: YAML with any of their options.

The file's values stand in for the defaults, so what the command line gives wins, as in `mfps search`.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import MAX_VALUE, MfpsError, shortened, shown

NO_VALUES = ("help", "config")
"""Options that a file cannot set."""


def use_file(context: typer.Context, file: Path | None) -> Path | None:
    """Take a file's values as the defaults of a command's options.

    Raises:
        MfpsError: it cannot be read, names no option of the command, or has a value that the option cannot take.
    """
    if file is None or context.resilient_parsing:
        return file
    from ..engine.configuration import read_yaml

    options = {
        parameter.opts[0].removeprefix("--").replace("-", "_"): parameter
        for parameter in context.command.params
        if parameter.param_type_name == "option"
    }
    known = [name for name in options if name not in NO_VALUES]
    defaults: dict[str, Any] = {}
    for name, value in read_yaml(file).items():
        if name not in known:
            close = get_close_matches(name, known, 1)
            remedy = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            raise MfpsError(f"{file}: unknown option {shortened(name, MAX_VALUE)!r}: {remedy}")
        if value is None:
            continue
        option = options[name]
        written = _as_written(value, option.multiple, f"{file}: {name}")
        try:
            option.process_value(context, written)
        except typer.BadParameter as error:
            raise MfpsError(f"{file}: {name}: {error.message.removesuffix('.')}; correct it") from None
        defaults[str(option.name)] = written
    context.default_map = {**(context.default_map or {}), **defaults}
    return file


def _as_written(value: object, repeatable: bool, where: str) -> Any:
    """A value as the command line would have it: text, or yes and no; a list joined by commas, or repeated."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, Mapping | list) or part is None for part in parts):
        raise MfpsError(f"{where}: {shown(value)} is no plain value; write one, or a list of them")
    if repeatable:
        return [str(part) for part in parts]
    return value if isinstance(value, bool) else ",".join(map(str, parts))


ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", callback=use_file, is_eager=True, help="YAML file with any of these options."),
]
