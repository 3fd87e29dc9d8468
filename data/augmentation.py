"""What training does to a face besides degrading it: mirroring, and leaving priors out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import MfpsError
from ..files.hashes import number_of

STREAM = 1
"""Keeps these draws apart from the degradation's, which come from (seed, epoch, name) alone."""


class Change(NamedTuple):
    """What happens to one face in one epoch."""

    flipped: bool
    """Mirrored left to right."""
    dropped: tuple[str, ...]
    """Priors that are zeroed."""


class Augmentation(NamedTuple):
    """How often a face is changed; nothing by default, as published."""

    flip: bool = False
    """Mirror every second face, its priors with it."""
    prior_dropout: float = 0.0
    """Chance that a prior of a face is zeroed, so that the network learns to do without it."""

    def draw(self, seed: int, epoch: int, name: str, priors: Sequence[str]) -> Change:
        """Decide for one face; the result does not depend on the process or batch that loads it.

        Args:
            seed: seed of the data set.
            epoch: number of the epoch.
            name: of the face in its data folder.
            priors: the priors it has.

        Raises:
            MfpsError: the chance is not in [0, 1).
        """
        if not 0 <= self.prior_dropout < 1:
            raise MfpsError(f"prior dropout is {self.prior_dropout}, but it must be at least 0 and below 1")
        rng = np.random.default_rng(np.random.SeedSequence((seed, epoch, number_of(name), STREAM)))
        flipped, chances = rng.random(), rng.random(len(priors))
        dropped = tuple(prior for prior, chance in zip(priors, chances, strict=True) if chance < self.prior_dropout)
        return Change(self.flip and flipped < 0.5, dropped)
