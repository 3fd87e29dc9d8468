"""The drawings in a search's report: of the genotypes of its epochs, with their probabilities, and of its front."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ...errors import MfpsError
from ...genotypes.backbone import BackboneSpace
from ...genotypes.drawing.figure import genotype_figure
from ...genotypes.drawing.render_svg import render_svg
from ...genotypes.genotype import Genotype
from ...genotypes.genotype_file import recorded_genotype
from ...genotypes.operations import PUBLISHED_OPERATIONS
from ..derive import probabilities_from_json

MOST_DRAWINGS = 60
"""Epochs that a report draws at most, and members of a front."""

MOST_CHARACTERS = 2_500_000
"""Of the drawings of the epochs, and again of the front, so that a report stays below some 10 MB; a drawing of five
branches takes 85,000, and of one 17,000."""

Drawn = TypeVar("Drawn")


class Drawings(NamedTuple):
    """Drawings, and what each of them is of."""

    svgs: list[str]
    """Each different drawing once."""
    shown: list[tuple[int, int]]
    """The number of an epoch or of a member, and the place of its drawing in `svgs`."""


def epoch_drawings(
    history: Sequence[Mapping[str, Any]],
    folder: Path,
    operations: Sequence[str] | None,
    backbones: BackboneSpace | None = None,
) -> Drawings:
    """Draw the genotypes of evenly spaced epochs, the last among them; an epoch that is damaged is left out.

    Args:
        history: the search's records.
        folder: the run folder.
        operations: the search's candidates, all that there are by default.
        backbones: what the search chose the backbones from.
    """

    def draw(record: Mapping[str, Any]) -> tuple[int, str]:
        epoch = int(record["epoch"])
        genotype = recorded_genotype(record, f"epoch {epoch}", folder / "history.jsonl")
        # A strategy that decides nothing has softmaxes of even odds, and no entropies.
        decided = record.get("probabilities", {}) if record.get("entropy") else {}
        beliefs = {name: probabilities_from_json(branch) for name, branch in decided.items()}
        shown_operations = operations or PUBLISHED_OPERATIONS
        figure = genotype_figure(genotype, beliefs, operations=shown_operations, backbones=backbones)
        return epoch, render_svg(figure, _label(genotype))

    return _drawings(history, draw)


def front_drawings(members: Mapping[int, Genotype], backbones: BackboneSpace | None = None) -> Drawings:
    """Draw the genotypes of a front, evenly spaced if they are too many.

    Args:
        members: by their numbers.
        backbones: what the search chose the backbones from.
    """

    def draw(member: tuple[int, Genotype]) -> tuple[int, str]:
        number, genotype = member
        return number, render_svg(genotype_figure(genotype, backbones=backbones), _label(genotype))

    return _drawings(list(members.items()), draw)


def _drawings(given: Sequence[Drawn], draw: Callable[[Drawn], tuple[int, str]]) -> Drawings:
    if not given:
        return Drawings([], [])
    last = _drawn(draw, given[-1])
    fit = MOST_CHARACTERS // len(last[1]) if last else MOST_DRAWINGS
    count = max(2, min(len(given), MOST_DRAWINGS, fit))
    chosen = sorted({round(place) for place in np.linspace(0, len(given) - 1, count).tolist()})
    found = [*(_drawn(draw, given[i]) for i in chosen if i < len(given) - 1), last]
    places: dict[str, int] = {}
    shown = [(number, places.setdefault(svg, len(places))) for number, svg in filter(None, found)]
    return Drawings(list(places), shown)


def _drawn(draw: Callable[[Drawn], tuple[int, str]], given: Drawn) -> tuple[int, str] | None:
    try:
        return draw(given)
    except (MfpsError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _label(genotype: Genotype) -> str:
    return f"genotype {genotype.hash[:8]}"
