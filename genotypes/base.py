"""The base of a network by name: what its output is added to. `networks.base` computes it."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from ..errors import MfpsError

Base = Literal["none", "input", "lowpass"]
"""What the first iteration's output is added to; a later one's is added to the output of the iteration before."""

WINDOWS = (2, 4, 8)
"""The sides of pictures are multiples of all three."""


def _known(window: int) -> int:
    if window not in WINDOWS:
        raise MfpsError(f"is {window}: choose 2, 4 or 8 pixels")
    return window


BaseWindow = Annotated[int, AfterValidator(_known)]
"""Side in pixels of the squares that `lowpass` averages over, one of `WINDOWS`."""
