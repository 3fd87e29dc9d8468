"""Colours of the drawings, safe for colour-blind eyes; those of the operations are in `genotypes/operations.py`.

Source: branches take the palette of Okabe and Ito (2008).
"""

from ..prior_branches import PRIOR_BRANCHES

INK = "#222222"
"""Names and labels."""

FAINT_INK = "#767676"
"""Axis labels and remarks."""

PAPER = "#ffffff"
"""The background, and the backing of a label on a line."""

GRID = "#d9d9d9"
"""Transitions and cells that were possible but not taken."""

WIRE = "#9a9a9a"
"""A cell's outputs, which have no operation."""

BACKBONE = "#4d4d4d"
"""The layers around the paths, which belong to no branch."""

BRANCH_COLOURS = {
    "upsample": "#0072b2",
    **{row.name: row.colour for row in PRIOR_BRANCHES.values()},
    "fusion": "#e69f00",
}
"""The colour of each branch."""


def tint(colour: str, strength: float) -> str:
    """Mix a colour with the paper: an opaque stand-in for opacity, so that crossing lines do not darken each other.

    Args:
        colour: `#rrggbb`.
        strength: 0 for the paper, 1 for the colour; values outside [0, 1] are clipped.

    Returns:
        The mixture, `#rrggbb`.
    """
    share = min(max(strength, 0.0), 1.0)
    channels = zip(bytes.fromhex(colour[1:]), bytes.fromhex(PAPER[1:]), strict=True)
    return "#" + "".join(f"{round(c * share + paper * (1 - share)):02x}" for c, paper in channels)
