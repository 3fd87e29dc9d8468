"""Colours of the drawings, safe for colour-blind eyes, and in grey as well for operations (darker is larger).

Source: branches take the palette of Okabe and Ito (2008); operations a ramp of one hue that no branch has.
"""

INK = "#222222"
"""Names and labels."""

FAINT_INK = "#767676"
"""Axis labels and remarks."""

PAPER = "#ffffff"
"""The background, and the backing of a label on a line."""

GRID = "#d9d9d9"
"""Transitions and cells that were possible and not taken."""

WIRE = "#9a9a9a"
"""A cell's outputs, which have no operation."""

BRANCH_COLOURS = {
    "upsample": "#0072b2",
    "parsing": "#d55e00",
    "heatmap": "#009e73",
    "dictionary": "#cc79a7",
    "fusion": "#e69f00",
}
"""One colour a branch."""

OPERATION_COLOURS = {"skip": "#767676", "conv_3x3": "#9a90d6", "conv_5x5": "#6f5cc0", "conv_7x7": "#311b7a"}
"""One colour an operation."""


def tint(colour: str, strength: float) -> str:
    """Mix a colour with the paper: an opaque stand-in for opacity, so that crossing lines do not darken each other.

    Args:
        colour: `#rrggbb`.
        strength: 0 gives the paper, 1 the colour; values beyond are clipped.
    """
    share = min(max(strength, 0.0), 1.0)
    channels = zip(bytes.fromhex(colour[1:]), bytes.fromhex(PAPER[1:]), strict=True)
    return "#" + "".join(f"{round(c * share + paper * (1 - share)):02x}" for c, paper in channels)
