"""What is kept by whoever restores again and again with one network, so that nothing is opened or computed twice."""

from collections.abc import Callable, Hashable, Sequence
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np

from .open_runnable import Runnable

Found = TypeVar("Found")

Run = Callable[[Sequence[np.ndarray]], np.ndarray]
"""Restores faces, uint8 (size, size, 3) each, as uint8 (B, size, size, 3)."""


class Reuse:
    """An opened network, with what finds its priors and the faces that it restored last.

    Args:
        opened: the network.
        most_faces: restored faces that are remembered; one of 512 pixels takes 0.8 MB.
        check: called before a batch is restored; what it raises ends the restoration.
    """

    def __init__(self, opened: Runnable, most_faces: int = 0, check: Callable[[], None] | None = None) -> None:
        self.opened = opened
        self._most_faces = most_faces
        self._check = check
        self._extractors: dict[tuple[str, ...], Any] = {}
        self._restored: dict[Hashable, np.ndarray] = {}

    def extractor(self, dropped: tuple[str, ...], make: Callable[[], Found]) -> Found:
        """What finds the network's priors without those that are dropped; it is made once."""
        if dropped not in self._extractors:
            self._extractors[dropped] = make()
        return self._extractors[dropped]

    def remembering(self, run: Run, *how: Hashable) -> Run:
        """The same as a function that restores faces, which does not run again for a batch that is remembered.

        Args:
            run: restores a batch.
            how: what its results depend on besides the faces.
        """

        def restored(faces: Sequence[np.ndarray]) -> np.ndarray:
            if self._check:
                self._check()
            if not self._most_faces:
                return run(faces)
            digest = sha256()
            for face in faces:
                digest.update(np.ascontiguousarray(face).data)
            key = (digest.digest(), len(faces), *how)
            if key not in self._restored:
                found = run(faces)
                while self._restored and sum(map(len, self._restored.values())) + len(found) > self._most_faces:
                    del self._restored[next(iter(self._restored))]
                self._restored[key] = found
            return self._restored[key]

        return restored
