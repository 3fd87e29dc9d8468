"""Shapes and types are checked while tests run, in every package that pyproject.toml names, as by jaxtyping."""

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, NamedTuple

import beartype
import jaxtyping
import mfps.networks.base
import numpy as np
import pytest
from jaxtyping import Float
from mfps.tests.shape_checks import checked

if TYPE_CHECKING:
    from nowhere import Unknown

Matrix = Float[np.ndarray, "A B"]
TWO_BY_THREE, THREE_BY_TWO = np.zeros((2, 3)), np.zeros((3, 2))


def product(a: Matrix, b: Float[np.ndarray, "B C"], *, times: int = 1) -> Float[np.ndarray, "A C"]:
    return times * a @ b


def untrue(a: Matrix, transpose: bool) -> Matrix:
    return a.T if transpose else a


def outer(a: Matrix) -> Matrix:
    untrue(a.T, False)  # with other sizes under the same names
    return a


def rows(a: Matrix) -> Iterator[Matrix]:
    yield from ([row] for row in a)  # not what it says; nor does jaxtyping look at what is yielded


def optional(a: Matrix | None, b: "list[Matrix] | None" = None) -> "Matrix | None":
    return b[0] if b else a


def plain(a: int, *others: str, **more: float) -> "Later":
    return Later(a) if others or more else a  # type: ignore


def unknown(a: "Unknown", b: int) -> "Unknown":
    return a


class Later(NamedTuple):
    a: int


@dataclass
class Pair:
    a: Matrix
    b: Matrix
    names: list[str] = field(default_factory=list)


class Child(Pair):
    """Made as its parent is."""


class Method:
    def scaled(self, a: Matrix) -> Matrix:
        return a * 2


HOLDS = [
    (product, (TWO_BY_THREE, THREE_BY_TWO), {"times": 2}),
    (untrue, (TWO_BY_THREE, False), {}),
    (untrue, (np.zeros((2, 2)), True), {}),
    (outer, (TWO_BY_THREE,), {}),
    (rows, (TWO_BY_THREE,), {}),
    (optional, (None,), {"b": [TWO_BY_THREE]}),
    (plain, (1, "a"), {"c": 0.5}),
    (unknown, ("anything", 1), {}),
    (Pair, (TWO_BY_THREE, TWO_BY_THREE), {}),
    (Child, (TWO_BY_THREE, TWO_BY_THREE), {}),
    (Method.scaled, (Method(), TWO_BY_THREE), {}),
]
VIOLATES = [
    (product, (TWO_BY_THREE, TWO_BY_THREE), {}),
    (product, (TWO_BY_THREE, THREE_BY_TWO.astype(int)), {}),
    (product, (TWO_BY_THREE, THREE_BY_TWO), {"times": 0.5}),
    (product, (TWO_BY_THREE, THREE_BY_TWO.tolist()), {}),
    (untrue, (TWO_BY_THREE, True), {}),
    (rows, (np.zeros(2),), {}),
    (optional, (TWO_BY_THREE, [THREE_BY_TWO]), {}),
    (plain, (1, 2), {}),
    (plain, (1,), {"c": "d"}),
    (unknown, ("anything", "a"), {}),
    (Pair, (TWO_BY_THREE, THREE_BY_TWO), {}),
    (Child, (TWO_BY_THREE, THREE_BY_TWO), {}),
    (Method.scaled, (Method(), np.zeros(2)), {}),
]


def by_jaxtyping(what):
    return jaxtyping._decorator.jaxtyped(what, typechecker=beartype.beartype)


def decorated(decorator, what):
    """A class is decorated under another name, as it is changed in place."""
    if what in (Pair, Child):
        whole = decorator(dataclass(type("Pair", (), {**vars(Pair)})))
        return whole if what is Pair else decorator(type("Child", (whole,), {}))
    return decorator(what)


@pytest.mark.parametrize("decorator", [checked, by_jaxtyping])
@pytest.mark.parametrize(("what", "arguments", "named"), HOLDS)
def test_what_holds_passes(decorator, what, arguments, named):
    for _ in range(2):
        decorated(decorator, what)(*arguments, **named)


@pytest.mark.parametrize("decorator", [checked, by_jaxtyping])
@pytest.mark.parametrize(("what", "arguments", "named"), VIOLATES)
def test_what_does_not_hold_is_found(decorator, what, arguments, named):
    call = decorated(decorator, what)
    for _ in range(2):
        with pytest.raises(jaxtyping.TypeCheckError):
            call(*arguments, **named)


def test_an_annotation_may_name_what_is_defined_later():
    """jaxtyping, which reads it at once, takes anything there."""
    with pytest.raises(jaxtyping.TypeCheckError):
        checked(plain)(1)


def test_wrong_arguments_are_refused_as_python_does():
    with pytest.raises(TypeError, match=r"product\(\) missing 1 required positional argument: 'b'"):
        checked(product)(TWO_BY_THREE)


def test_every_package_that_is_named_is_checked(pytestconfig):
    """Each function of theirs that is loaded by now."""
    *packages, _ = pytestconfig.getoption("--jaxtyping-packages").split(",")
    assert len(packages) > 10
    with pytest.raises(jaxtyping.TypeCheckError):
        mfps.networks.base.low_pass("no picture", 3)
    functions = 0
    for name, module in sorted(sys.modules.items()):
        if any(name == package or name.startswith(f"{package}.") for package in packages):
            assert type(module.__spec__.loader).__name__ == "_JaxtypingLoader", name
            for value in vars(module).values():
                of_module = isinstance(value, FunctionType) and value.__module__ == name
                if (
                    of_module and value.__annotations__ and not inspect.iscoroutinefunction(value)
                ):  # the hook passes them
                    assert any(Path(file).name == "shape_checks.py" for file in files_of(value)), value
                    functions += 1
    assert functions > 30


def files_of(function):
    """The file of a function and of each that it wraps."""
    while isinstance(function, FunctionType):
        yield function.__code__.co_filename
        function = getattr(function, "__wrapped__", None)
