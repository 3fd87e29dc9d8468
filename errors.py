"""The one exception that a caller of mfps may want to tell from others."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_PLACE = 100
"""Characters of the place that a message names; a longer one is shortened in its middle."""

MAX_VALUE = 60
"""Characters of the value that a message quotes."""


class MfpsError(ValueError):
    """Something the user gave cannot be used: a file, a folder, an option, a device.

    The message is one line for a person: what is wrong, where, the rule it breaks and the remedy.
    The command line prints it and exits with status 1, without a traceback.
    """

    def __init__(self, message: str) -> None:
        # torch hands the error of a loader's worker process on with that process's whole traceback around it.
        if message.startswith("Caught MfpsError in DataLoader worker"):
            message = message.rpartition("MfpsError: ")[2].strip()
        super().__init__(message)


def first_violation(error: "ValidationError", where: str) -> MfpsError:
    """Turn a pydantic error into one line: the place, the rule, the value, and how many more there are.

    Args:
        error: what pydantic raised.
        where: the file or the option group the values came from.
    """
    details = error.errors(include_url=False)
    first = details[0]
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in first["loc"]).lstrip(".")
    more = f" [and {len(details) - 1} more]" if len(details) > 1 else ""
    return MfpsError(f"{where}: {shortened(place, MAX_PLACE) + ': ' if place else ''}{rule_of(first)}{more}")


def rule_of(violation: Mapping[str, Any]) -> str:
    """The rule that a value broke, and the value, in plain words.

    Args:
        violation: one item of `ValidationError.errors()`.
    """
    kind, context = violation["type"], violation.get("ctx", {})
    if kind == "missing":
        return "is required and missing; add it"
    if isinstance(context.get("error"), MfpsError):
        return str(context["error"])
    rules = {
        "extra_forbidden": "is not permitted here; check its spelling or remove it",
        "greater_than_equal": "must be greater than or equal to {ge}",
        "greater_than": "must be greater than {gt}",
        "less_than_equal": "must be less than or equal to {le}",
        "less_than": "must be less than {lt}",
        "multiple_of": "must be a multiple of {multiple_of}",
        "literal_error": "must be {expected}",
        "int_type": "must be an integer",
        "int_parsing": "must be an integer",
        "int_from_float": "must be an integer",
        "float_type": "must be a number",
        "float_parsing": "must be a number",
        "finite_number": "must be a finite number",
        "bool_type": "must be true or false",
        "bool_parsing": "must be true or false",
        "string_type": "must be a string",
        "path_type": "must be a path",
        "list_type": "must be a list",
        "tuple_type": "must be a list",
        "dict_type": "must be a dictionary",
    }
    rule = rules[kind].format(**context) if kind in rules else violation["msg"].removeprefix("Value error, ")
    return f"{rule} (got {shortened(repr(violation['input']), MAX_VALUE)})"


def shortened(text: str, length: int) -> str:
    """A text of at most `length` characters, its middle left out where it is longer."""
    if len(text) <= length:
        return text
    head = (length - 3) * 2 // 3
    return f"{text[:head]}...{text[head + 3 - length :]}"
