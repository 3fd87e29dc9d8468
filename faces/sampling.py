"""Which faces come when: epochs as seeded permutations, and the two halves of a search."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler


class EpochSampler(Sampler[tuple[int, int]]):
    """Yields (epoch, index), so that a data set can degrade a face anew in every epoch without any state.

    Args:
        indices: the faces to visit.
        seed: with the epoch it decides the order.
        shuffle: False keeps the order of `indices`.
        epoch: the epoch to start with.
    """

    def __init__(self, indices: Sequence[int], seed: int, shuffle: bool, epoch: int = 0) -> None:
        self.indices = tuple(int(index) for index in indices)
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration yields."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = np.arange(len(self.indices))
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch)).permutation(order)
        return iter([(self.epoch, self.indices[position]) for position in order])


def split_halves(indices: Sequence[int], seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cut faces into two disjoint random halves, each in ascending order; the first has the odd one.

    Args:
        indices: what to split.
        seed: equal seeds give equal halves.
    """
    shuffled = np.random.default_rng(seed).permutation(np.asarray(indices, dtype=np.int64))
    middle = (len(shuffled) + 1) // 2
    return tuple(sorted(shuffled[:middle].tolist())), tuple(sorted(shuffled[middle:].tolist()))
