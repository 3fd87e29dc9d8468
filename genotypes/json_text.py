"""JSON as this package reads and writes it: strictly in, and laid out for people."""

import json
import math
from typing import Any

from ..errors import MfpsError

MAX_KEY = 200
"""Characters of a key; one that is longer would make an error message unreadable."""

MAX_DIGITS = 100
"""Digits of a number: enough for any seed, and far below what Python refuses to read."""


def read_strict(text: str) -> Any:
    """Read JSON, refusing what the standard leaves open: duplicate keys, NaN, infinite or endless numbers.

    Args:
        text: a JSON document.

    Raises:
        MfpsError: it is not such a document; one line, which the caller prefixes with the file.
    """
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite, parse_int=_integer
        )
    except (json.JSONDecodeError, RecursionError) as error:
        raise MfpsError(f"not JSON ({error}): give a file written by mfps") from None


def compact_leaves(text: str, width: int = 120) -> str:
    """Put each innermost JSON list or object on one line where it fits, as people write them.

    Args:
        text: indented JSON.
        width: the longest line to make, in characters.
    """
    lines: list[str] = []
    opened: int | None = None
    for line in text.split("\n"):
        lines.append(line)
        if line.endswith(("[", "{")):
            opened = len(lines) - 1
        elif line.strip().rstrip(",") in ("]", "}") and opened is not None:
            first, *inner, last = lines[opened:]
            joined = first + " ".join(part.strip() for part in inner) + last.strip()
            if len(joined) <= width:
                lines[opened:] = [joined]
            opened = None
    return "\n".join(lines)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if not name.isprintable() or len(name) > MAX_KEY:
            raise MfpsError(f"key {name[:60]!r} is not printable or longer than {MAX_KEY} characters: rename it")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MfpsError(f"key {twice!r} stands twice in one object: keep one")
    return dict(pairs)


def _constant(name: str) -> None:
    raise MfpsError(f"{name} is not a JSON number: give a finite one")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise MfpsError(f"number {digits[:20]} is too large: give a finite one")
    return value


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise MfpsError(f"number {digits[:20]}... has more than {MAX_DIGITS} digits: give a smaller one")
    return int(digits)
