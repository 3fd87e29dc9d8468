"""Commands whose arguments and options are the fields of a configuration, and the names of the fields as options.

A field's type, default, help text and panel are defined only at the field. Typer checks that a text is a number where
one is needed; the configuration checks the rest, in the same way for options, for `--config FILE` and for Python.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import MfpsError, RunStopped

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from ..files.config_model import ConfigModel

FIELD = re.compile(r"`([a-z][a-z0-9_]*)`")
"""How texts outside this package name a field."""


def add_command(
    app: typer.Typer,
    run: Callable[..., None],
    model: Callable[[], "type[ConfigModel]"],
    *positional: str,
) -> None:
    """Add a command that is called with a filled configuration; it takes its name and help from the function.

    Args:
        app: the group to add it to.
        run: the command; it gets the configuration, and that of a run also the preset that was given, or None.
        model: returns the configuration's class. It is called when the command runs or shows its help, as importing
            all of them takes longer than `mfps --help` may.
        positional: the fields that are arguments, in this order; all others are options.
    """

    class Command(TyperCommand):
        def get_params(self, ctx: Any) -> list[Any]:
            if not self.params:
                filled = typer.Typer(add_completion=False)
                filled.command()(_command(run, model(), positional))
                built = typer.main.get_command(filled)
                self.params, self.callback = built.params, built.callback
            return super().get_params(ctx)

    def placeholder() -> None: ...

    placeholder.__doc__ = run.__doc__
    app.command(run.__name__, cls=Command)(placeholder)


class Commands(TyperGroup):
    """A group of commands; an error raised by one of them names its options, not the library's fields."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was given."""
        try:
            return super().invoke(ctx)
        except (MfpsError, RunStopped) as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            error.args = (in_options(str(error), command.params if command else ()),)
            raise


def in_options(text: str, parameters: Iterable[Any]) -> str:
    """Rewrite a text for the command line: a field in backticks becomes its option, or an argument's name in capitals.

    Args:
        text: a message of the library.
        parameters: those of the running command; other names in backticks stay.
    """
    names = {
        parameter.name.rstrip("_"): parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
        for parameter in parameters
    }
    return FIELD.sub(lambda found: names.get(found[1]) or found[0], text)


def _command(run: Callable[..., None], model: "type[ConfigModel]", positional: tuple[str, ...]) -> Callable[..., None]:
    """Return a function with a parameter for each field, which fills the configuration and runs the command."""
    from ..engine.configuration import RunConfig, resolve
    from ..files.config_model import fill, read_yaml

    def command(context: typer.Context, config: Path | None, **given: Any) -> None:
        if issubclass(model, RunConfig):
            preset = given.pop("preset")
            run(resolve(model, preset, config, given), preset)
            return
        written = {} if config is None else read_yaml(config)
        for name, field in model.model_fields.items():
            if field.is_required() and given[name] is None and written.get(name) is None:
                context.fail(in_options(f"Missing `{name}`.", context.command.params))
        run(fill(model, given, config, written))

    command.__signature__ = inspect.Signature(  # pyright: ignore[reportFunctionMemberAccess] - what typer reads
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
            for name, kind, default in _parameters(model, positional)
        ]
    )
    return command


def _parameters(model: "type[ConfigModel]", positional: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, annotation and default of each parameter: arguments first, then the options by panel."""
    from ..engine.configuration import PRESETS, RunConfig, preset_fields
    from ..files.config_model import Panel, panel_of

    is_run, of_preset = False, set[str]()
    if issubclass(model, RunConfig):
        is_run, of_preset = True, preset_fields(model.stage)
    fields = sorted(model.model_fields.items(), key=lambda item: not item[1].is_required())
    names = {name: name.upper() if name in positional else _option(name) for name, _ in fields}

    def help_of(name: str, field: "FieldInfo") -> str:
        text = FIELD.sub(lambda found: names.get(found[1], found[0]), field.description or "")
        return " ".join([*text.split(), *_default(field, name in of_preset)])

    yield "context", typer.Context, inspect.Parameter.empty
    for name in positional:
        field = model.model_fields[name]
        argument = typer.Argument(help=help_of(name, field), metavar=names[name], show_default=False)
        yield name, Annotated[_kind(field), argument], None
    for panel in Panel:
        for name, field in fields:
            if panel_of(field) is panel and name not in positional:
                flags = names[name] if _kind(field) != bool | None else f"{names[name]}/{_option(f'no_{name}')}"
                choices = "|".join(get_args(_plain(field))) if get_origin(_plain(field)) is Literal else None
                option = typer.Option(flags, help=help_of(name, field), metavar=choices, rich_help_panel=panel.value)
                yield name, Annotated[_kind(field), option], None
    if is_run:
        text = f"Sizes and schedule: {', '.join(PRESETS)}; sets the options marked [preset]. [default: published]"
        yield "preset", Annotated[str | None, typer.Option("--preset", help=text)], None
    text = "YAML file that sets any of these options" + ("; the config.yaml of a run is one." if is_run else ".")
    yield "config", Annotated[Path | None, typer.Option("--config", help=text)], None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _plain(field: "FieldInfo") -> Any:
    """A field's type, without an optional None and without the rules of what is left."""
    kind: Any = field.annotation
    if NoneType in get_args(kind):
        (kind,) = (part for part in get_args(kind) if part is not NoneType)
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _kind(field: "FieldInfo") -> Any:
    """The type to which typer converts a field's text; every parameter may be left out."""
    from ..files.config_model import COMMAS

    kind = _plain(field)
    origin = get_origin(kind)
    if origin is Literal or COMMAS in field.metadata:
        return str | None
    if origin is dict:
        return list[str] | None
    if origin is tuple:
        (part, _) = get_args(kind)
        return list[get_args(part)[0] if get_origin(part) is Annotated else part] | None
    return kind | None


def _default(field: "FieldInfo", of_preset: bool) -> list[str]:
    """What the help says about a field's default."""
    if field.is_required() or of_preset:
        return ["[required]" if field.is_required() else "[preset]"]
    default = field.get_default(call_default_factory=True)
    if default is None or default is False or default in ((), {}):
        return []
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else "on" if default is True else f"{default}"
    return [f"[default: {shown}]"]
