"""One step of a degradation as text, such as `blur(6,12)`: a stage with its ranges."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ..errors import MfpsError, shown

Bounds = tuple[int | float, int | float]
"""The lowest and the highest value that a stage draws."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


class Range(NamedTuple):
    """A value that a stage draws between two numbers.

    Attributes:
        name: what is drawn.
        unit: its unit, for messages.
        least: lower limit of both numbers.
        most: upper limit of both numbers.
        published: the two numbers that a stage without brackets uses.
        whole: only whole numbers are drawn.
    """

    name: str
    unit: str
    least: float
    most: float
    published: Bounds
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.unit}, {self.least:g} to {self.most:g})"


class Stage(NamedTuple):
    """A stage of a degradation.

    Attributes:
        apply: the function; it takes picture, generator, scale, and a pair of numbers for each range.
        ranges: the values that it draws.
        size_px: side of the picture for which its lengths in pixels are given.
    """

    apply: Callable[..., np.ndarray]
    ranges: tuple[Range, ...] = ()
    size_px: int = 128


class Step(NamedTuple):
    """A stage, by name, with its pairs of numbers."""

    stage: str
    bounds: tuple[Bounds, ...] = ()

    def __str__(self) -> str:
        numbers = ",".join(written(value) for pair in self.bounds for value in pair)
        return f"{self.stage}({numbers})" if numbers else self.stage


def name_of(text: str) -> str:
    """The name before the brackets of a step."""
    return text.partition("(")[0].strip()


def read_step(text: str, stages: Mapping[str, Stage]) -> Step:
    """Read `blur(6,12)`, or `blur` for the published ranges; spaces do not matter.

    Args:
        text: one step; the name before its brackets is one of `stages`.
        stages: all stages, by name.

    Raises:
        MfpsError: the brackets or the numbers in them do not fit the stage.
    """
    parts = re.fullmatch(r"([^()]*)(?:\(([^()]*)\)\s*)?", text)
    if parts is None:
        raise MfpsError(f"{shown(text.strip())} is not a stage with its numbers in brackets, such as blur(6,12)")
    name, inside = name_of(text), parts[2]
    ranges = stages[name].ranges
    published = Step(name, tuple(range_.published for range_ in ranges))
    if inside is None:
        return published
    words = [word.strip() for word in inside.split(",")] if inside.strip() else []
    if len(words) != 2 * len(ranges):
        takes = "; ".join(map(str, ranges))
        rule = f"{2 * len(ranges)} numbers, the lowest and the highest {takes}" if ranges else "no numbers"
        raise MfpsError(f"{name} takes {rule}, as in {published}")
    pairs = zip(words[::2], words[1::2], strict=True)
    return Step(name, tuple(_bounds(name, range_, *pair) for range_, pair in zip(ranges, pairs, strict=True)))


def written(value: int | float) -> str:
    """A number in its shortest exact form: `6`, `0.1`."""
    return repr(float(value)).removesuffix(".0")


def _bounds(name: str, range_: Range, lowest: str, highest: str) -> Bounds:
    low, high = (_number(name, range_, word) for word in (lowest, highest))
    if low > high:
        raise MfpsError(
            f"{name}: {range_.name} from {written(low)} to {written(high)} is reversed: give the lower number first"
        )
    return low, high


def _number(name: str, range_: Range, word: str) -> int | float:
    value = float(word) if _NUMBER.fullmatch(word) else None
    if value is None or not range_.least <= value <= range_.most or (range_.whole and value % 1):
        kind = "a whole number" if range_.whole else "a number"
        raise MfpsError(
            f"{name}: {range_.name} {shown(word)}: it must be {kind} from {range_.least:g} to {range_.most:g} "
            f"({range_.unit})"
        )
    return int(value) if range_.whole else value
