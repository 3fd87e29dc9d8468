"""Faces of several photographs restored in batches, with bounded memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from ...images.photograph import Photograph
from ..reuse import Run
from .faces_to_restore import Faces

MOST_PIXELS = 60_000_000
"""Pixels of the photographs that wait for a batch to fill up. A single larger one does not wait."""


@dataclass
class OpenedPhotograph:
    """A photograph on its way.

    Attributes:
        name: its name in its folder.
        photograph: it; None if it could not be read.
        faces: those found in it.
        sha256: of its file; empty if it could not be read.
        error: why it is bad, or empty.
        restored: its faces that are restored, uint8 (size, size, 3) each, in their order.
        seconds: how long each part of the work took.
    """

    name: str
    photograph: Photograph | None
    faces: Faces
    sha256: str = ""
    error: str = ""
    restored: list[np.ndarray] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether all its faces are restored."""
        return len(self.restored) == len(self.faces.restored)

    @property
    def pixels(self) -> int:
        """Of the photograph."""
        return 0 if self.photograph is None else self.photograph.extent[0] * self.photograph.extent[1]


def restored_in_order(
    opened: Iterable[OpenedPhotograph], run: Run, batch_size: int, most_pixels: int = MOST_PIXELS
) -> Iterator[OpenedPhotograph]:
    """Restore the faces of photographs, and yield each photograph when all of its faces are restored, in order.

    A batch takes faces of as many photographs as fill it, unless these have too many pixels to be kept.

    Args:
        opened: the photographs, read one by one as they are needed.
        run: restores a batch.
        batch_size: faces in a batch.
        most_pixels: pixels of the photographs that may wait.
    """
    waiting: deque[OpenedPhotograph] = deque()
    queue: deque[tuple[OpenedPhotograph, np.ndarray]] = deque()

    def restore_batch() -> None:
        batch = [queue.popleft() for _ in range(min(batch_size, len(queue)))]
        began = perf_counter()
        restored = run([picture for _, picture in batch])
        each = (perf_counter() - began) / len(batch)
        for (owner, _), picture in zip(batch, restored, strict=True):
            owner.restored.append(picture)
            owner.seconds["network"] = owner.seconds.get("network", 0.0) + each

    def finished() -> Iterator[OpenedPhotograph]:
        while waiting and waiting[0].is_done:
            yield waiting.popleft()

    for one in opened:
        waiting.append(one)
        queue.extend((one, face.picture) for face in one.faces.restored)
        while len(queue) >= batch_size or (queue and sum(kept.pixels for kept in waiting) > most_pixels):
            restore_batch()
            yield from finished()
        yield from finished()
    while queue:
        restore_batch()
        yield from finished()
