"""A pytest plugin: checks what `--jaxtyping-packages` checks, in less time.

The decorator of jaxtyping compiles every function twice when its module is imported, binds the arguments of every call
to a signature, and checks them twice, all for the wording of an error. Here a function is compiled when it is first
called, checks once, and remembers sizes only if its annotations speak of arrays: a call costs a tenth, and half if it
has arrays.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, get_args, get_type_hints

import jaxtyping
import pytest
from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray
from jaxtyping import jaxtyped as of_jaxtyping

AS_PYTHON = BeartypeConf(violation_type=jaxtyping.TypeCheckError)
"""What is of another type than annotated is a TypeError, as jaxtyping has it and as it mostly is without checks."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Before anything is imported that jaxtyping's import hook decorates: it looks the decorator up by this name."""
    jaxtyping.jaxtyped = lambda *, typechecker: checked


def checked(what: Any) -> Any:
    """A function that checks what it is given and what it returns, or a dataclass that checks what it is made from."""
    if not inspect.isclass(what):
        return _checked_function(what) if what.__annotations__ else what
    if dataclasses.is_dataclass(what) and "__init__" in vars(what):
        what.__init__ = _checked_function(what.__init__)
    return what


def _checked_function(function: FunctionType) -> Callable[..., object]:
    compiled: Callable[..., object] | None = None

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> object:
        nonlocal compiled
        if compiled is None:
            compiled = _compiled(function)
        return compiled(*args, **kwargs)

    return call


def _compiled(function: FunctionType) -> Callable[..., object]:
    """The function with its checks. By now its annotations may name what its module defines after it.

    It is wrapped once more, so that beartype takes a generator for a function: what it yields comes when the sizes are
    forgotten.
    """
    hints = {name: _hint(annotation, function.__globals__) for name, annotation in function.__annotations__.items()}

    @functools.wraps(function)
    def plain(*args: Any, **kwargs: Any) -> object:
        return function(*args, **kwargs)

    plain.__annotations__ = hints
    checking = beartype(plain, conf=AS_PYTHON)
    if not any(_has_array(hint) for hint in hints.values()):
        return checking

    def sized(*args: Any, **kwargs: Any) -> object:
        with of_jaxtyping("context"):
            return checking(*args, **kwargs)

    return sized


def _hint(annotation: object, known: dict[str, Any]) -> object:
    """An annotation whose texts are resolved; Any if they name what only a type checker imports."""

    def of(value: Any) -> None: ...

    of.__annotations__["value"] = annotation
    try:
        return get_type_hints(of, known, include_extras=True)["value"]
    except Exception:
        return Any


def _has_array(hint: object) -> bool:
    return (inspect.isclass(hint) and issubclass(hint, AbstractArray)) or any(map(_has_array, get_args(hint)))
