"""Networks that no search found, by their names and sizes: what a searched one has to be better than."""

import re
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import AfterValidator

from ..errors import MfpsError, shown
from ..files.hashes import sha256_of_texts

Kind = Literal["nafnet", "residual"]
"""`nafnet`: the blocks of NAFNet, which have no activation function. `residual`: blocks of two convolutions around a
ReLU, as in EDSR. Neither is a U-Net."""

MAX_WIDTH, MAX_BLOCKS = 512, 64

_TEXT = re.compile(r"([a-z]+):([1-9]\d{0,3})x([1-9]\d{0,2})", re.ASCII)


class HandMade(NamedTuple):
    """What such a network is; written as `nafnet:24x6`."""

    kind: Kind
    width: int
    """Channels between the blocks."""
    blocks: int

    @classmethod
    def parse(cls, text: str) -> "HandMade":
        """Read what `str` writes.

        Raises:
            MfpsError: the text is none, or the network would be too large.
        """
        found = _TEXT.fullmatch(text)
        if not found or found[1] not in get_args(Kind):
            raise MfpsError(
                f"must be KIND:WIDTHxBLOCKS such as nafnet:24x6, with a KIND of {', '.join(get_args(Kind))} (got "
                f"{shown(text)})"
            )
        made = cls(found[1], int(found[2]), int(found[3]))  # pyright: ignore[reportArgumentType] - it was checked
        if made.width > MAX_WIDTH or made.blocks > MAX_BLOCKS:
            raise MfpsError(f"has at most {MAX_WIDTH} channels and {MAX_BLOCKS} blocks (got {text})")
        return made

    def __str__(self) -> str:
        return f"{self.kind}:{self.width}x{self.blocks}"

    @property
    def name(self) -> str:
        """As a genotype has one."""
        return str(self)

    @property
    def hash(self) -> str:
        """As a genotype has one; it is none's."""
        return sha256_of_texts("hand-made", str(self))

    @property
    def priors(self) -> tuple[str, ...]:
        """It takes none."""
        return ()


HandMadeText = Annotated[str, AfterValidator(lambda text: str(HandMade.parse(text)))]
"""The type of a field that names such a network."""
