"""What the priors of a data folder were made from, and how results that depend on them are labelled."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import MfpsError
from ..files.boundary import Boundary
from ..files.json_text import read_strict
from ..files.regular_file import is_file, read_text

Source = Literal["clean", "degraded", "coarse"]

SOURCES: tuple[Source, ...] = get_args(Source)
"""What priors are made from: the clean face, stored beside it; or, found on the fly, the degraded face or the output of
iteration 0. Only the last two are possible where the clean face is not known."""

FILE = "provenance.json"

MAX_RECORD_BYTES = 1_000_000
"""A record has about a hundred lines."""


def read_provenance(root: str | Path, follow_links: bool = False) -> dict[str, dict[str, Any]]:
    """The record of each prior of a data folder: `made_from`, and what made it; empty if there is none.

    Args:
        root: the data folder.
        follow_links: links may lead out of it.

    Raises:
        MfpsError: the record is damaged.
    """
    path = Path(root) / "priors" / FILE
    if not is_file(path):
        return {}
    Boundary(root, follow_links).check(path)
    text = read_text(path, "record of priors", MAX_RECORD_BYTES, "make the data set again")
    try:
        recorded = read_strict(text)
    except MfpsError as error:
        raise MfpsError(f"{path}: cannot be read ({error}); make the data set again") from None
    if not isinstance(recorded, dict) or not all(
        isinstance(prior, dict) and prior.get("made_from") in SOURCES for prior in recorded.values()
    ):
        raise MfpsError(f"{path}: a prior has no `made_from` among {', '.join(SOURCES)}; make the data set again")
    return recorded


def oracle_priors(
    priors: Sequence[str], source: str, recorded: Mapping[str, Mapping[str, Any]], dropped: Sequence[str] = ()
) -> tuple[str, ...]:
    """The priors that were made from the clean face, which is not available when a photograph is restored.

    Args:
        priors: the priors of the network.
        source: one of `SOURCES`.
        recorded: as `read_provenance` returns it; a prior that it does not name counts as made from the clean face.
        dropped: those that were replaced by zeros.
    """
    if source != "clean":
        return ()
    return tuple(
        prior
        for prior in priors
        if prior not in dropped and recorded.get(prior, {}).get("made_from", "clean") == "clean"
    )


def describe_priors(
    priors: Sequence[str], source: str, recorded: Mapping[str, Mapping[str, Any]], dropped: Sequence[str] = ()
) -> str:
    """One line on the priors that a result depends on.

    Priors made from the clean face are called oracle priors: nobody has them when a photograph is restored.

    Args:
        priors: the priors of the network.
        source: one of `SOURCES`.
        recorded: as `read_provenance` returns it.
        dropped: those that were replaced by zeros.
    """
    if not priors:
        return "none"
    used = [prior for prior in priors if prior not in dropped]
    parts = []
    if used and source == "clean":
        oracle = oracle_priors(priors, source, recorded, dropped)
        if oracle:
            known = all(prior in recorded for prior in oracle)
            record = "" if known else " (not recorded: taken to be so)"
            parts.append(f"{', '.join(oracle)}: oracle priors, from files made of the clean faces{record}")
        others = [prior for prior in used if prior not in oracle]
        parts += [f"{prior}: from files made of the {recorded[prior]['made_from']} faces" for prior in others]
    elif used:
        what = "degraded faces" if source == "degraded" else "coarse output of iteration 0"
        parts.append(f"{', '.join(used)}: found on the fly in the {what}")
    if dropped:
        parts.append(f"{', '.join(dropped)}: left out (zeros)")
    return "; ".join(parts)
