"""What a strategy is: it says which mixtures a step of the search uses, and the loop knows nothing else about it."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ...networks.path import Active
from ..search_network import SearchNetwork

Level = Literal["architecture", "weights"]
"""What a step of a search updates."""


class Draw(NamedTuple):
    """One forward pass of a step. Whatever is random about it follows from these numbers, on every device alike."""

    seed: int
    """Of the search."""
    level: Level
    """What the step updates."""
    number: int
    """Of this draw among all draws of the level, from 0."""
    temperature: float
    """Of the softmaxes that are drawn from."""

    def rng(self, branch: str, number: int | None = None) -> np.random.Generator:
        """The source of randomness for a branch.

        Args:
            branch: its name.
            number: of the draw; another one than this draw's for what several draws share.
        """
        words = zlib.crc32(f"{self.level} {branch}".encode()), self.number if number is None else number
        return np.random.default_rng((self.seed, *words))


@dataclass(frozen=True)
class Strategy:
    """A search strategy.

    Attributes:
        active: what runs in a forward pass; a branch without a mixture is mixed by its supernet's own softmaxes. Called
            for every piece of a batch, since a piece's graph is gone after its backward pass.
        decides: whether the softmaxes learn, so that an architecture can be decoded from them. Otherwise all faces
            train the weights, and the selection decides alone.
        samples: whether a pass runs a single architecture, and not a mixture of many.
        nested: whether it can search widths that are slices of one another, and depths.
        options: fields of `SearchConfig` that only some strategies have, and this one too.
    """

    active: Callable[[SearchNetwork, Draw], Active]
    decides: bool
    samples: bool
    nested: bool
    options: frozenset[str] = frozenset()
