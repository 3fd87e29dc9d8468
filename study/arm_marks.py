"""How the networks of each arm look in the figures of a study, and how long their names may be."""

from collections.abc import Mapping
from typing import Any

from ..genotypes.drawing import palette

COLOURS = {
    "random": palette.WIRE,
    "search": palette.BRANCH_COLOURS["upsample"],
    "cheapest": palette.BRANCH_COLOURS["heatmap"],
    "dearest": palette.BRANCH_COLOURS["parsing"],
    "genotype": palette.BRANCH_COLOURS["dictionary"],
    "hand-made": palette.BRANCH_COLOURS["fusion"],
    "again": palette.INK,
}
"""Of each kind of arms."""

MARKERS = {
    "random": "o",
    "search": "o",
    "cheapest": "v",
    "dearest": "^",
    "genotype": "Dph8",
    "hand-made": "sPXpd",
    "again": "D<>H",
}
"""Of the arms of each kind, one after the other."""

MOST_LETTERS = 36
"""Of a name beside an axis; the middle of a longer one is left out."""


def markers_of(report: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The marker of each arm, by its kind and name; in the order in which arms are drawn."""
    arms = {(row["kind"], row["arm"]) for row in report["networks"]}
    found: dict[tuple[str, str], str] = {}
    for kind, markers in MARKERS.items():
        names = sorted(name for each, name in arms if each == kind)
        found |= {(kind, name): markers[place % len(markers)] for place, name in enumerate(names)}
    return found
