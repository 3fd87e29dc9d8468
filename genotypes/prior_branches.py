"""The facial priors as a network's architecture sees them: one row each.

The row of the same name in `priors/kinds.py`, which needs torch, says how a prior is stored, found and made.
"""

from dataclasses import dataclass
from typing import Any

from ..errors import MAX_VALUE, MfpsError, shortened


@dataclass(frozen=True)
class PriorBranch:
    """What a network has to know about a prior.

    Attributes:
        name: of the prior, of its branch, and of its folder below `priors`.
        channels: C of its tensor (B, C, H, W) as mfps makes it; assumed unless a genotype gives another number.
        colour: of its branch in drawings, `#rrggbb`.
        start_rate: the rate at which its branch enters the trellis.
        with_picture: the branch sees the degraded picture beside the prior. If false, the prior is already a feature
            map of the face, and three convolutions instead of one bring it to the branch's width.
    """

    name: str
    channels: int
    colour: str
    start_rate: int = 8
    with_picture: bool = True


PRIOR_BRANCHES = {
    row.name: row
    for row in (
        PriorBranch("parsing", 19, "#d55e00"),  # CelebAMask-HQ classes
        PriorBranch("heatmap", 68, "#009e73"),  # iBUG landmarks
        PriorBranch("dictionary", 256, "#cc79a7", with_picture=False),  # VGG19's relu3_4 or VGG16's relu3_3
    )
}
"""Every prior by its name, in the order in which the fusion branch concatenates them."""

PUBLISHED_PRIORS = ("parsing", "heatmap", "dictionary")
"""The priors of the published network and code; a prior added later has no name there."""


def known_priors(value: Any) -> tuple[str, ...]:
    """The priors that a user names, each once and in the order of `PRIOR_BRANCHES`.

    Args:
        value: names in any order, or a text such as `parsing,heatmap`; `none` names no prior.

    Raises:
        MfpsError: the value is something else, or names an unknown prior.
    """
    known = tuple(PRIOR_BRANCHES)
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        got = shortened(repr(value), MAX_VALUE)
        raise MfpsError(f"must be none, or names such as {','.join(known[:2])} (got {got})")
    names = [name.strip() for name in names if name.strip() not in ("", "none")]
    if unknown := [name for name in names if name not in known]:
        first = shortened(repr(unknown[0]), MAX_VALUE)
        raise MfpsError(f"unknown prior {first}: choose from {', '.join(known)}, or none")
    return tuple(prior for prior in known if prior in names)
