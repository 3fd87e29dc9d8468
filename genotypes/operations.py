"""The candidate operations of an edge: one row each, with the line that draws it.

`networks/operations.py`, which needs torch, builds them. The colours are shades of two hues that no branch uses, one
for separable convolutions and one for the others, darker for larger kernels, so that they can be distinguished in grey.
"""

from typing import NamedTuple


class Stroke(NamedTuple):
    """How a cell's drawing shows an edge with an operation.

    Attributes:
        colour: `#rrggbb`.
        width: of the line, in points.
        dashed: whether the line is broken.
    """

    colour: str
    width: float
    dashed: bool = False


STROKES = {
    "skip": Stroke("#767676", 1.2, dashed=True),
    "conv_3x3": Stroke("#9a90d6", 1.3),
    "conv_5x5": Stroke("#6f5cc0", 1.6),
    "conv_7x7": Stroke("#311b7a", 1.9),
    "separable_3x3": Stroke("#8fb8c9", 1.3),
    "separable_5x5": Stroke("#5b93ab", 1.6),
    "separable_7x7": Stroke("#26617c", 1.9),
}
"""Every operation by name, in the published order, which breaks ties in decoding. Append new ones."""

PUBLISHED_OPERATIONS = ("skip", "conv_3x3", "conv_5x5", "conv_7x7")
"""The operations of the published space."""
