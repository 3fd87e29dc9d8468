"""A folder of faces as a data set."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch.utils.data import Dataset

from ..degradation.presets import Degradation, degradation_rng
from ..errors import MfpsError
from ..images.image import MAX_PIXELS, fit_square, image_size, read_image
from ..images.lists import find_images, image_folder, read_list
from ..priors.face_priors import FacePriors
from .augmentation import Augmentation
from .batch import FaceSample
from .given_pairs import GivenPairs
from .sampling import FaceAddress


class WantedPriors(NamedTuple):
    """Which priors each face comes with, and how."""

    names: tuple[str, ...] = ()
    """Some of `PRIORS`."""
    heatmap_rgb: bool = False
    """Put the degraded picture before the heatmaps, as the published 71 channels are laid out."""
    dropped: Mapping[str, int | None] | None = None
    """Priors to leave out altogether (see `FacePriors`)."""


class Tolerance(NamedTuple):
    """What a data set tolerates."""

    max_bad: float = 0.0
    """Share of the photographs that may be unreadable."""
    max_pixels: int = MAX_PIXELS
    """A photograph with more pixels counts as unreadable."""
    follow_links: bool = False
    """Links may lead out of the folder."""


class FaceFolder(Dataset[FaceSample]):
    """Clean photographs, degraded on the fly or given with their degraded partners.

    An item is addressed by (epoch, index). Its degradation depends on the seed, the epoch and the photograph's name
    alone, so its bytes are the same in every worker and batch, whichever other faces are in the data set.

    Args:
        root: a folder with the photographs, or with them in `images`; priors are in `priors`.
        size: side of the faces in pixels, a multiple of 8. Larger photographs are cropped to their central square and
            shrunk; smaller ones are refused.
        degradation: a preset or a mix (see `Degradation.parse`), or one already parsed; or the degraded faces.
        names: a list file (see `read_list`), or the names themselves; None takes all photographs.
        priors: the priors each face comes with, by name or as `WantedPriors`.
        seed: seed of the degradation.
        augmentation: mirror faces and leave priors out at random, for training.
        tolerance: how many photographs may be unreadable; `bad` has them, and others stand in for them. And whether
            links may lead out of the folder.

    Attributes:
        names: all photographs, the unreadable ones too, so that the others keep their numbers.
        bad: the photographs whose headers could not be read, and why.
        extents: how many of the others have each width and height in pixels.
        partners: the degraded face of each photograph, by name, where they are given.

    Raises:
        MfpsError: no such folder, no photographs, one too small, too many that cannot be read, a list, a prior
            or a given degraded face that does not fit.
    """

    def __init__(
        self,
        root: str | Path,
        size: int,
        degradation: str | Degradation | GivenPairs = "full",
        names: str | Path | Sequence[str] | None = None,
        priors: Sequence[str] | WantedPriors = (),
        seed: int = 0,
        augmentation: Augmentation | None = None,
        tolerance: Tolerance | None = None,
    ) -> None:
        if size < 8 or size % 8:
            raise MfpsError(f"size {size}: the side of a face must be a positive multiple of 8 pixels, such as 128")
        self.root = Path(root)
        self.size = size
        self.seed = seed
        self.degradation = Degradation.parse(degradation) if isinstance(degradation, str) else degradation
        self.tolerance = tolerance or Tolerance()
        links = self.tolerance.follow_links
        self.folder = image_folder(root, links)
        self.names = _names(root, names, links)
        self.partners: dict[str, str] = {}
        if isinstance(self.degradation, GivenPairs):
            self.partners = self.degradation.partners(self.names)
        self.bad: dict[str, str] = {}
        photo_sizes = self._photo_sizes()
        self._refuse_small(photo_sizes)
        self.extents = Counter(photo_sizes.values())
        wanted = priors if isinstance(priors, WantedPriors) else WantedPriors(tuple(priors))
        self.priors = FacePriors(
            root, tuple(photo_sizes), photo_sizes, wanted.names, wanted.heatmap_rgb, wanted.dropped, links
        )
        self._row = {name: row for row, name in enumerate(photo_sizes)}
        self.augmentation = augmentation or Augmentation()

    @property
    def prior_channels(self) -> dict[str, int]:
        """Channels of each prior's tensor, in the order of `PRIORS`."""
        return self.priors.channels

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, address: tuple[int, int] | FaceAddress) -> FaceSample:
        """The face at an address, or the first of its spares that can be read.

        Args:
            address: (epoch, index), with or without spares.

        Raises:
            MfpsError: the photograph or a prior of it cannot be read, and neither can those of its spares.
        """
        epoch, first, spares = address if isinstance(address, FaceAddress) else FaceAddress(*address)
        bad: list[tuple[str, str]] = []
        for index in (first, *spares):
            try:
                return self._face(epoch, index)._replace(bad=tuple(bad))
            except MfpsError as error:
                if not self.folder.is_dir():
                    raise MfpsError(f"{self.folder}: the data folder is gone; restore it and continue") from None
                bad.append((self.names[index], str(error)))
                if not spares:
                    raise
        raise MfpsError(f"{bad[0][1]} [and the next {len(bad) - 1} faces cannot be read either]")

    def _face(self, epoch: int, index: int) -> FaceSample:
        name = self.names[index]
        if name in self.bad:
            raise MfpsError(self.bad[name])
        clean, fit = fit_square(read_image(self.folder / name, self.tolerance.max_pixels), self.size)
        stored = self.priors.load(self._row[name], fit)
        change = self.augmentation.draw(self.seed, epoch, name, tuple(stored))
        if change.flipped:
            clean, stored = np.ascontiguousarray(clean[:, ::-1]), self.priors.flip(stored, self.size)
        degraded = self._degraded(clean, epoch, name, change.flipped)
        return FaceSample(degraded, clean, stored, name, change.dropped)

    def _degraded(self, clean: np.ndarray, epoch: int, name: str, flipped: bool) -> np.ndarray:
        if isinstance(self.degradation, Degradation):
            return self.degradation.apply(clean, degradation_rng(self.seed, epoch, name))
        given = self.degradation.read(self.partners[name], self.size, self.tolerance.max_pixels)
        return np.ascontiguousarray(given[:, ::-1]) if flipped else given

    def _photo_sizes(self) -> dict[str, tuple[int, int]]:
        """Width and height of every photograph whose header can be read; the others go into `bad`."""
        sizes: dict[str, tuple[int, int]] = {}
        for name in self.names:
            try:
                sizes[name] = self._photo_size(name)
            except MfpsError as error:
                self.bad[name] = str(error)
                if len(self.bad) > self.tolerance.max_bad * len(self.names):
                    raise
        return sizes

    def _photo_size(self, name: str) -> tuple[int, int]:
        extent = image_size(self.folder / name, self.tolerance.max_pixels)
        if isinstance(self.degradation, GivenPairs):
            self.degradation.check_size(self.partners[name], extent, self.tolerance.max_pixels)
        return extent

    def _refuse_small(self, photo_sizes: dict[str, tuple[int, int]]) -> None:
        small = [name for name, extent in photo_sizes.items() if min(extent) < self.size]
        if small:
            width, height = photo_sizes[small[0]]
            raise MfpsError(
                f"{self.folder}: {len(small)} of {len(photo_sizes)} images are smaller than {self.size} pixels, first "
                f"{small[0]} ({width} x {height}); choose a smaller size or use a list without them"
            )


def _names(root: str | Path, names: str | Path | Sequence[str] | None, follow_links: bool) -> tuple[str, ...]:
    if names is None:
        return find_images(image_folder(root, follow_links), follow_links)
    if isinstance(names, str | Path):
        return read_list(names, root, follow_links)
    if not names:
        raise MfpsError(f"{root}: no faces were chosen; name at least one")
    return tuple(names)
