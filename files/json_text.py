"""JSON: read strictly, and written in a layout for people."""

import json
import math
from typing import Any

from ..errors import MfpsError, holds_controls, shown

MAX_KEY = 1024
"""Characters of a key: enough for the name of any photograph in its folders."""

MAX_DIGITS = 100
"""Digits of a number: enough for any seed, and far below what Python refuses to read."""

MAX_JSON_DEPTH = 32
"""Nesting of lists and objects; no file of mfps has more than a third of it."""


def read_strict(text: str, *, finite: bool = True, remedy: str = "give a file written by mfps") -> Any:
    """Read JSON strictly: duplicate keys, NaN, infinite or very long numbers, and deep nesting are refused.

    Args:
        text: a JSON document.
        finite: False permits NaN and Infinity, for journals in which mfps itself writes them.
        remedy: what to do if the text is not JSON at all.

    Raises:
        MfpsError: it is not such a document. The message is one line, before which the caller puts the file's name.
    """
    numbers: dict[str, Any] = {"parse_constant": _constant, "parse_float": _finite} if finite else {}
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_int=_integer, **numbers)
    except RecursionError:
        raise MfpsError(f"nested more than {MAX_JSON_DEPTH} deep: {remedy}") from None
    except json.JSONDecodeError as error:
        raise MfpsError(f"not JSON ({error}): {remedy}") from None
    level, depth = [value], 0
    while level := [node for node in level if type(node) is dict or type(node) is list]:
        depth += 1
        if depth > MAX_JSON_DEPTH:
            raise MfpsError(f"nested more than {MAX_JSON_DEPTH} deep: {remedy}")
        level = [child for node in level for child in (node.values() if type(node) is dict else node)]
    return value


def compact_leaves(text: str, width: int = 120) -> str:
    """Put each innermost JSON list or object on one line if it fits, as people write them.

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
    unique = dict(pairs)
    for name in unique:
        if len(name) > MAX_KEY or holds_controls(name):
            raise MfpsError(f"key {shown(name)} is not printable or longer than {MAX_KEY} characters: rename it")
    if len(unique) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise MfpsError(f"key {shown(twice)} occurs twice in one object: keep one")
    return unique


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
