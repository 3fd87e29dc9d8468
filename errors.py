"""The exceptions that mfps raises for its users, and how their messages quote names and values."""

import reprlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_PLACE = 100
"""Characters of the place that a message names; the middle of a longer one is left out."""

MAX_VALUE = 60
"""Characters of the value that a message quotes."""

MAX_MESSAGE = 580
"""Characters of a whole message, whatever names and values it quotes."""


class MfpsError(ValueError):
    """Something the user gave cannot be used: a file, a folder, an option, a device.

    The message is one line for a person: what is wrong, where, the rule it breaks and the remedy.
    The command line prints it and exits with status 1, without a traceback. Names of files and values may contain
    anything: here unprintable characters are escaped and a message that is too long is shortened.
    """

    def __init__(self, message: str) -> None:
        # torch passes on the error of a loader's worker process with that process's whole traceback around it.
        if message.startswith("Caught MfpsError in DataLoader worker"):
            message = message.rpartition("MfpsError: ")[2].strip()
        super().__init__(shortened(printable(message), MAX_MESSAGE))


class NotFiniteError(MfpsError):
    """A loss, a gradient or an output is not finite. In a run of several processes all of them raise it together."""

    @classmethod
    def at(cls, what: str, step: int, names: Sequence[str]) -> "NotFiniteError":
        """The error of one update.

        Args:
            what: such as `the l1 loss is nan`.
            step: number of the step, from 0 on.
            names: the batch's photographs; the first three are shown.
        """
        batch = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        return cls(
            f"{what} at step {step} (batch: {batch}), so this update is not made; lower the learning rate, set "
            "`clip_norm`, or set `precision` to float32"
        )


class RunStopped(Exception):  # noqa: N818 - nothing went wrong
    """A signal stopped the run, which is saved. The message says how to continue.

    Attributes:
        signum: the signal's number.
    """

    def __init__(self, message: str, signum: int) -> None:
        super().__init__(shortened(printable(message), MAX_MESSAGE))
        self.signum = signum


def first_violation(error: "ValidationError", where: str = "", *, quoted: bool = False) -> MfpsError:
    """Turn a pydantic error into one line: the place, the rule, the value, and how many more there are.

    Args:
        error: what pydantic raised.
        where: the file or the group of values that was checked.
        quoted: put the place in backticks, as it is a field that was set from Python or the command line.
    """
    details = error.errors(include_url=False)
    first = details[0]
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in first["loc"]).lstrip(".")
    place = f"`{first['loc'][0]}`" if quoted and first["loc"] else shortened(place, MAX_PLACE)
    more = f" [and {len(details) - 1} more]" if len(details) > 1 else ""
    return MfpsError("".join(f"{part}: " for part in (where, place) if part) + rule_of(first) + more)


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
    return f"{rule} (got {shown(violation['input'])})"


def shortened(text: str, length: int) -> str:
    """Shorten a text to at most `length` characters by leaving out its middle."""
    if len(text) <= length:
        return text
    head = (length - 3) * 2 // 3
    return f"{text[:head]}...{text[head + 3 - length :]}"


def printable(text: str) -> str:
    """Make a text one line: line breaks, control characters and other unprintable characters are escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def holds_controls(text: str) -> bool:
    """Whether a text has line breaks, control characters or halves of surrogate pairs, as no name should."""
    return not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


def shown(value: object, length: int = MAX_VALUE) -> str:
    """A value as a message quotes it: its Python notation, at most `length` characters, however large or deep it is."""
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother = 4, 4 * length, 4 * length
    short.maxlist = short.maxtuple = short.maxdict = short.maxset = short.maxfrozenset = length
    short.maxlong = 2 * length
    try:
        return shortened(short.repr(value), length)
    except ValueError:  # Python refuses to write an integer of more than 4,300 digits
        return f"an integer of {value.bit_length():,} bits" if isinstance(value, int) else f"a {type(value).__name__}"


def counted(number: int, what: str) -> str:
    """A number and a noun: `1 search`, `3 searches`."""
    ending = "" if number == 1 else "es" if what.endswith(("ch", "s", "x")) else "s"
    return f"{number} {what}{ending}"
