"""The order of the faces: epochs as seeded permutations, which are held out, and the two halves of a search."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler

from ..files.hashes import number_of

SPARES = 3
"""Faces that may stand in for one that cannot be read, before the loader gives up."""


class FaceAddress(NamedTuple):
    """Which face, and in which epoch."""

    epoch: int
    """Together with the face's name, it decides the degradation."""
    face: int
    """Number of the face in its data set."""
    spares: tuple[int, ...] = ()
    """Faces that take its place, in this order, if it cannot be read."""


class BatchShare(NamedTuple):
    """The part of every batch that one of several processes gets, piece by piece.

    A step's batch is cut into `pieces` pieces, one after the other, and each of these into a part for each process.
    """

    rank: int = 0
    """Number of the process."""
    processes: int = 1
    """How many there are."""
    pieces: int = 1
    """Pieces of a step's batch."""


WHOLE = BatchShare()
"""One process that gets every batch in one piece."""


class EpochSampler(Sampler[FaceAddress]):
    """Yields addresses of faces, so that a data set can degrade a face anew in every epoch without any state.

    Args:
        indices: the faces to visit.
        seed: with the epoch it decides the order.
        shuffle: False keeps the order of `indices`.
        epoch: the epoch to start with.
        batch_size: faces of a step in all processes together; those that do not fill a last batch are left out. None
            visits all faces, in one process.
        share: this process's part.
        spares: whether other faces may stand in for those that cannot be read.
    """

    def __init__(
        self,
        indices: Sequence[int],
        seed: int,
        shuffle: bool,
        epoch: int = 0,
        batch_size: int | None = None,
        share: BatchShare = WHOLE,
        spares: bool = False,
    ) -> None:
        self.indices = tuple(int(index) for index in indices)
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = epoch
        self.batch_size = batch_size
        self.share = share
        self.spares = spares
        self.start = 0

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Choose what the next iteration yields.

        Args:
            epoch: the epoch.
            start: steps of it to skip because an earlier process did them.
        """
        self.epoch = epoch
        self.start = start

    def __len__(self) -> int:
        if self.batch_size is None:
            return len(self.indices)
        return max(len(self.indices) // self.batch_size - self.start, 0) * self.batch_size // self.share.processes

    def __iter__(self) -> Iterator[FaceAddress]:
        order = np.arange(len(self.indices))
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch)).permutation(order)
        positions = np.arange(len(order))
        if self.batch_size is not None:
            rank, processes, pieces = self.share
            steps = len(order) // self.batch_size
            batches = positions[: steps * self.batch_size].reshape(
                steps, pieces, processes, self.batch_size // (pieces * processes)
            )
            positions = batches[self.start :, :, rank].reshape(-1)
        faces = [self.indices[place] for place in order]
        reach = SPARES if self.spares else 0
        return iter(
            [
                FaceAddress(self.epoch, faces[at], tuple(faces[(at + i) % len(faces)] for i in range(1, 1 + reach)))
                for at in positions.tolist()
            ]
        )


def random_order(names: Iterable[str], seed: int) -> list[str]:
    """Names in a random order, to hold some out: which of two comes first depends on them and the seed alone.

    A face that is added or taken away moves no other from the front to the back.
    """
    return sorted(names, key=lambda name: (number_of(f"{seed} {name}"), name))


def split_halves(indices: Sequence[int], seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cut faces into two disjoint random halves, each in ascending order; the first gets the odd one.

    Args:
        indices: what to split.
        seed: equal seeds give equal halves.
    """
    shuffled = np.random.default_rng(seed).permutation(np.asarray(indices, dtype=np.int64))
    middle = (len(shuffled) + 1) // 2
    return tuple(sorted(shuffled[:middle].tolist())), tuple(sorted(shuffled[middle:].tolist()))
