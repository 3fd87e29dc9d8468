"""Which name a misspelt name most likely meant: one that differs only in ways that people do not see or forget."""

import unicodedata
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from .image import IMAGE_SUFFIXES


def near_name(name: str, there: Iterable[str]) -> str:
    """A hint for a name that is not there, such as `a.png is there: only the suffix differs`.

    Args:
        name: the name that was looked up, a posix path.
        there: the names that could have been meant.

    Returns:
        The hint; empty if no name is near, or several are equally near.
    """
    others = list(there)
    for key, difference in _DIFFERENCES:
        wanted = key(name)
        near = [other for other in others if key(other) == wanted]
        if near:
            return f"{near[0]} is there: {difference}" if len(near) == 1 else ""
    return ""


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(name.replace("\\", "/")).as_posix())


def _caseless(name: str) -> str:
    return _composed(name).casefold()


def _bare(name: str) -> str:
    path = PurePosixPath(_caseless(name))
    return path.with_suffix("").as_posix() if path.suffix in IMAGE_SUFFIXES else path.as_posix()


def _alone(name: str) -> str:
    return PurePosixPath(_caseless(name)).name


_DIFFERENCES: tuple[tuple[Callable[[str], str], str], ...] = (
    (_composed, "it looks the same, but its Unicode characters are composed otherwise (NFC or NFD)"),
    (_caseless, "only capital letters differ"),
    (_bare, "only the suffix differs"),
    (_alone, "only the folder differs"),
    (lambda name: _alone(_bare(name)), "only the folder and the suffix differ"),
)
