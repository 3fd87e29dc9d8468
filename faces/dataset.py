"""A folder of faces as a data set, and the loader that makes batches of it."""

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ..errors import MfpsError
from .augmentation import Augmentation
from .batch import Collate, FaceBatch, FaceSample
from .degradation import Degradation, degradation_rng
from .image import fit_square, image_size, read_image
from .lists import find_images, image_folder, read_list
from .priors import FacePriors
from .sampling import EpochSampler, split_halves

__all__ = [
    "EpochSampler",
    "FaceBatch",
    "FaceFolder",
    "FaceSample",
    "make_loader",
    "read_list",
    "split_halves",
]


class FaceFolder(Dataset[FaceSample]):
    """Clean photographs, degraded on the fly.

    An item is addressed by (epoch, index). Its degradation depends on the seed, the epoch and the index alone, so its
    bytes are the same in every worker and every batch.

    Args:
        root: a folder with the photographs, or with them in `images`; priors are in `priors`.
        size: side of the faces in pixels, a multiple of 8. Larger photographs are cropped to their central square and
            shrunk; smaller ones are refused.
        degradation: a preset or a mix (see `Degradation.parse`), or one already parsed.
        names: a list file (see `read_list`), or the names themselves; None takes all photographs.
        priors: which priors each face comes with.
        seed: seed of the degradation.
        heatmap_rgb: put the degraded picture before the heatmaps, as the published 71 channels are laid out.
        augmentation: mirror faces and leave priors out at random, for training.
        dropped: priors to leave out altogether (see `FacePriors`).

    Raises:
        MfpsError: no such folder, no photographs, one too small, a list or prior that does not fit.
    """

    def __init__(
        self,
        root: str | Path,
        size: int,
        degradation: str | Degradation = "full",
        names: str | Path | Sequence[str] | None = None,
        priors: Sequence[str] = (),
        seed: int = 0,
        heatmap_rgb: bool = False,
        augmentation: Augmentation | None = None,
        dropped: Mapping[str, int | None] | None = None,
    ) -> None:
        if size < 8 or size % 8:
            raise MfpsError(f"size {size}: the side of a face must be a positive multiple of 8 pixels, such as 128")
        self.root = Path(root)
        self.size = size
        self.seed = seed
        self.degradation = Degradation.parse(degradation) if isinstance(degradation, str) else degradation
        self.folder = image_folder(root)
        self.names = _names(root, names)
        photo_sizes = {name: image_size(self.folder / name) for name in self.names}
        self._refuse_small(photo_sizes)
        self.priors = FacePriors(root, self.names, photo_sizes, priors, heatmap_rgb, dropped=dropped)
        self.augmentation = augmentation or Augmentation()

    @property
    def prior_channels(self) -> dict[str, int]:
        """Channels of each prior's tensor, in the order of `PRIORS`."""
        return self.priors.channels

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, address: tuple[int, int]) -> FaceSample:
        """The face `index` as it is in `epoch`.

        Args:
            address: (epoch, index).

        Raises:
            MfpsError: the photograph or a prior of it cannot be read.
        """
        epoch, index = address
        name = self.names[index]
        clean, fit = fit_square(read_image(self.folder / name), self.size)
        stored = self.priors.load(index, fit)
        change = self.augmentation.draw(self.seed, epoch, index, tuple(stored))
        if change.flipped:
            clean, stored = np.ascontiguousarray(clean[:, ::-1]), self.priors.flip(stored, self.size)
        degraded = self.degradation.apply(clean, degradation_rng(self.seed, epoch, index))
        return FaceSample(degraded, clean, stored, name, change.dropped)

    def _refuse_small(self, photo_sizes: dict[str, tuple[int, int]]) -> None:
        small = [name for name, extent in photo_sizes.items() if min(extent) < self.size]
        if small:
            width, height = photo_sizes[small[0]]
            raise MfpsError(
                f"{self.folder}: {len(small)} of {len(photo_sizes)} images are smaller than {self.size} pixels, first "
                f"{small[0]} ({width} x {height}); choose a smaller size or leave them out by a list"
            )


def make_loader(
    folder: FaceFolder,
    indices: Sequence[int] | None,
    batch_size: int,
    seed: int,
    shuffle: bool,
    workers: int,
    epoch: int = 0,
    drop_last: bool = False,
    pin_memory: bool = False,
) -> DataLoader[FaceSample]:
    """Batches (`FaceBatch`) of some faces of a folder; the bytes do not depend on the workers.

    For training, `loader.sampler.set_epoch(epoch)` comes before each epoch. For validation leave `shuffle` False and
    `epoch` 0, and every run sees the same degraded faces.

    Args:
        folder: the data set.
        indices: which of its faces; None takes all.
        batch_size: faces in a batch; the last one may be smaller.
        seed: seed of the order (the degradation has the folder's own).
        shuffle: a new order in every epoch.
        workers: processes that read and degrade; 0 does it in this one. They live on from epoch to epoch.
        epoch: the epoch to start with.
        drop_last: leave a smaller last batch out.
        pin_memory: keep batches in pinned memory, for a CUDA device.

    Raises:
        MfpsError: there are no faces, or fewer than one batch where the last is left out.
    """
    chosen = range(len(folder)) if indices is None else indices
    if not chosen or (drop_last and len(chosen) < batch_size):
        raise MfpsError(f"{folder.root}: {len(chosen)} faces do not fill a batch of {batch_size}; take a smaller batch")
    return DataLoader(
        folder,
        batch_size=batch_size,
        sampler=EpochSampler(chosen, seed, shuffle, epoch),
        num_workers=workers,
        collate_fn=Collate(folder.priors),
        worker_init_fn=_start_worker,
        persistent_workers=workers > 0,
        drop_last=drop_last,
        pin_memory=pin_memory,
        # Without its own generator a loader draws from the global one, and the run would depend on it.
        generator=torch.Generator().manual_seed(seed),
    )


def _names(root: str | Path, names: str | Path | Sequence[str] | None) -> tuple[str, ...]:
    if names is None:
        return find_images(image_folder(root))
    if isinstance(names, str | Path):
        return read_list(names, root)
    if not names:
        raise MfpsError(f"{root}: no faces were chosen; name at least one")
    return tuple(names)


def _start_worker(worker: int) -> None:
    """Settings of a worker process: one thread, as workers run side by side, and quiet."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    # Ctrl-C reaches every process. The main one ends the run and says so in one line; a worker that is cut off while
    # it hands a batch over has nothing to add. Its exceptions do not pass here: torch carries them to the main process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.excepthook = lambda *_: None
