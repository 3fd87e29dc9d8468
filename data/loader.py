"""Loaders: batches of the faces of a data set, for evaluating and for training networks."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import cv2
import torch
from torch.utils.data import DataLoader

from ..errors import MfpsError
from .batch import Collate, FaceBatch, FaceSample
from .dataset import FaceFolder
from .sampling import WHOLE, BatchShare, EpochSampler


def make_loader(
    folder: FaceFolder, indices: Sequence[int] | None, batch_size: int, seed: int, shuffle: bool, workers: int
) -> DataLoader[FaceSample]:
    """Batches (`FaceBatch`) of some faces of a folder, each face once; the bytes do not depend on the workers.

    Args:
        folder: the data set.
        indices: which of its faces; None takes all.
        batch_size: faces in a batch; the last one may be smaller.
        seed: seed of the order (the degradation uses the folder's own).
        shuffle: a new order in every epoch, which `loader.sampler.set_epoch` chooses.
        workers: processes that read and degrade; 0 does it in this one. They stay alive between epochs.

    Raises:
        MfpsError: there are no faces.
    """
    chosen = range(len(folder)) if indices is None else indices
    if not chosen:
        raise MfpsError(f"{folder.root}: there are no faces to load; name some")
    return _loader(folder, EpochSampler(chosen, seed, shuffle), batch_size, workers, seed, _start_worker)


def make_training_loader(
    folder: FaceFolder,
    indices: Sequence[int] | None,
    batch_size: int,
    seed: int,
    workers: int,
    share: BatchShare = WHOLE,
    pinned: bool = False,
) -> DataLoader[FaceSample]:
    """Full batches in a new order in every epoch, for one process of a training.

    Iterate it with `training_steps`, inside `shut_down_workers`.

    Args:
        folder: the data set; other faces stand in for those that cannot be read.
        indices: which of its faces; None takes all.
        batch_size: faces of a step in all processes together.
        seed: seed of the order.
        workers: processes that read and degrade, see `make_loader`.
        share: this process's part; the loader yields `share.pieces` batches for each step.
        pinned: put the batches into pinned memory, from which a GPU copies them while the program goes on.

    Raises:
        MfpsError: the faces do not fill one batch.
    """
    chosen = range(len(folder)) if indices is None else indices
    if len(chosen) < batch_size:
        raise MfpsError(f"{folder.root}: {len(chosen)} faces do not fill a batch of {batch_size}; take a smaller batch")
    sampler = EpochSampler(chosen, seed, True, batch_size=batch_size, share=share, spares=True)
    own = batch_size // (share.processes * share.pieces)
    return _loader(folder, sampler, own, workers, seed, _start_training_worker, pinned)


def steps_of(loader: DataLoader[FaceSample]) -> int:
    """Steps of a whole epoch of a training loader."""
    sampler, batch_size = _training_sampler(loader)
    return len(sampler.indices) // batch_size


def training_steps(loader: DataLoader[FaceSample], epoch: int, start: int) -> Iterator[tuple[FaceBatch, ...]]:
    """The batches of an epoch, step by step.

    Args:
        loader: a training loader.
        epoch: decides the order and the degradations.
        start: steps to skip because they are done already.

    Yields:
        The pieces of a step's batch, one after the other; see `BatchShare`.
    """
    sampler, _ = _training_sampler(loader)
    sampler.set_epoch(epoch, start)
    batches = iter(loader)
    while piece := tuple(islice(batches, sampler.share.pieces)):
        yield piece


def _training_sampler(loader: DataLoader[FaceSample]) -> tuple[EpochSampler, int]:
    sampler = loader.sampler
    if not isinstance(sampler, EpochSampler) or sampler.batch_size is None:
        raise AssertionError("this is for loaders of make_training_loader")
    return sampler, sampler.batch_size


@contextmanager
def shut_down_workers(*loaders: DataLoader[FaceSample]) -> Iterator[None]:
    """Shut the loaders' worker processes down when the block ends, however it ends.

    Training workers ignore signals, and Python would wait for them when it exits.
    """
    try:
        yield
    finally:
        for loader in loaders:
            # Persistent workers live as long as this iterator; there is no public way to end them sooner.
            if (iterator := loader._iterator) is not None:
                loader._iterator = None
                iterator._shutdown_workers()  # pyright: ignore[reportAttributeAccessIssue]


def _loader(
    folder: FaceFolder,
    sampler: EpochSampler,
    batch_size: int,
    workers: int,
    seed: int,
    start_worker: Callable[[int], None],
    pinned: bool = False,
) -> DataLoader[FaceSample]:
    return DataLoader(
        folder,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=workers,
        collate_fn=Collate(folder.priors),
        worker_init_fn=start_worker,
        persistent_workers=workers > 0,
        pin_memory=pinned,
        # Without its own generator a loader draws from the global one, and the run would depend on it.
        generator=torch.Generator().manual_seed(seed),
    )


def _start_worker(_worker: int) -> None:
    """Settings of a worker process: one thread, as workers run side by side, and quiet."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    # Ctrl-C reaches every process. The main one ends the run and says so in one line; a worker that is interrupted
    # has nothing to add. Its exceptions do not come here: torch passes them to the main process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.excepthook = lambda *_: None


def _start_training_worker(worker: int) -> None:
    """Settings of a training worker; it still serves the last step when a batch system sends SIGTERM to all processes.

    Only `shut_down_workers` ends it; at its exit, Python would wait for such workers forever.
    """
    _start_worker(worker)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
