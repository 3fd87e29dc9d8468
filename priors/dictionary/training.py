"""A facial dictionary from high-quality photographs: the patches of their parts, clustered by mini-batch K-means.

Source: Li et al., "Blind Face Restoration via Deep Multi-scale Component Dictionaries", ECCV 2020 (DFDNet). No face is
kept in memory, and at most two patches for each entry (or 64).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...errors import MfpsError
from .component_boxes import PARTS, component_boxes
from .dictionary_file import CHANNELS, PATCH_SIDES, FacialDictionary
from .features import boxes_at_face_px, cut_patches, face_tensor

if TYPE_CHECKING:
    from sklearn.cluster import MiniBatchKMeans

Face = tuple[np.ndarray, np.ndarray, str]
"""A face, uint8 (S, S, 3) RGB; its landmarks (K, 2) in pixels, NaN where one is missing; and the scheme's name."""

WINDOW = 2
"""Patches for each entry that are kept in memory and clustered at a time."""

MIN_WINDOW = 64
"""Patches that are kept even for few entries: K-means starts from some of the first window, so they must vary."""

STEPS = 4
"""K-means steps on each window; one alone would leave a small data set's centres where they started."""

NEAREST = 6
"""Training patches that are remembered for each centre, to show them."""


class TrainedDictionary(NamedTuple):
    """A dictionary and what its entries look like."""

    dictionary: FacialDictionary
    nearest: dict[str, np.ndarray]
    """For each part int64 (K, 6): the numbers of the faces, counted from 0 in their order, whose patches are nearest to
    each centre, nearest first. Only the last patches count, two for each entry or 64. -1 where there are fewer."""


def train_dictionary(
    faces: Iterable[Face],
    features: Callable[[Tensor], Tensor],
    entries: int,
    seed: int,
    provenance: str,
    batch: int = 8,
    device: torch.device | str = "cpu",
    note: Callable[[str], None] | None = None,
) -> TrainedDictionary:
    """Cluster the parts of faces. The same faces and seed give the same dictionary.

    512 entries take 2.5 GB of memory, other numbers in proportion; the number of faces does not matter.

    Args:
        faces: iterated once.
        features: maps faces (B, 3, 512, 512) in [0, 1] to (B, 256, 128, 128), such as `PartFeatures`; on `device`.
        entries: centres of each part. A part with fewer patches gets as many centres as patches.
        seed: seed of the clustering.
        provenance: which network the features come from, see `FacialDictionary.features`.
        batch: faces that go through the network at once.
        device: where it runs.
        note: called with one line when a part gets fewer entries.

    Raises:
        MfpsError: `entries` is below 1, a face cannot be used, no face has some part, or features are not finite.
    """
    if entries < 1:
        raise MfpsError(f"{entries} entries: a dictionary needs at least one for each part")
    clusters = {part: _Clusters(part, entries, seed) for part in PARTS}
    photographs = hashlib.sha256()
    first = 0
    for some in _batches(faces, batch):
        for image, points, scheme in some:
            photographs.update(f"{image.shape} {points.shape} {scheme}\n".encode())
            photographs.update(image.tobytes())
            photographs.update(points.astype(np.float64).tobytes())
        for part, (numbers, patches) in _patches(some, features, device).items():
            clusters[part].add(patches, first + numbers)
        first += len(some)
    for part, own in clusters.items():
        own.finish(first)
        if note and len(own.centres) < entries:
            note(f"{part}: {len(own.centres)} entries instead of {entries}, because there are no more patches")
    dictionary = FacialDictionary(
        {part: own.tensor() for part, own in clusters.items()}, entries, seed, provenance, photographs.hexdigest()
    )
    return TrainedDictionary(dictionary, {part: own.nearest() for part, own in clusters.items()})


def _batches(faces: Iterable[Face], batch: int) -> Iterator[list[Face]]:
    some: list[Face] = []
    for face in faces:
        some.append(face)
        if len(some) == batch:
            yield some
            some = []
    if some:
        yield some


@torch.inference_mode()
def _patches(
    faces: list[Face], features: Callable[[Tensor], Tensor], device: torch.device | str
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each part, which faces of a batch have it, and their patches, float16 (N, 256 * s * s)."""
    boxes = np.stack(
        [boxes_at_face_px(component_boxes(points, scheme, len(image)), len(image)) for image, points, scheme in faces]
    )
    maps = features(face_tensor([image for image, _, _ in faces]).to(device))
    found = {}
    for number, part in enumerate(PARTS):
        there = np.flatnonzero(np.isfinite(boxes[:, number]).all(1))
        places = torch.from_numpy(boxes[there, number]).to(device)
        patches = cut_patches(maps[torch.from_numpy(there).to(device)], places, PATCH_SIDES[part])
        found[part] = there, patches.flatten(1).half().cpu().numpy()
    return found


class _Clusters:
    """The clustering of one part, a window of patches at a time."""

    def __init__(self, part: str, entries: int, seed: int) -> None:
        self.part, self.entries, self.seed = part, entries, seed
        self.window = np.empty((max(WINDOW * entries, MIN_WINDOW), CHANNELS * PATCH_SIDES[part] ** 2), np.float16)
        self.faces = np.empty(len(self.window), np.int64)
        self.count = 0
        self.means: "MiniBatchKMeans | None" = None

    @property
    def centres(self) -> np.ndarray:
        """float32 (K, 256 * s * s)."""
        return np.asarray(self.means.cluster_centers_)  # pyright: ignore[reportOptionalMemberAccess] - after `finish`

    def add(self, patches: np.ndarray, faces: np.ndarray) -> None:
        """Replace the oldest patches; cluster when all are new."""
        for patch, face in zip(patches, faces, strict=True):
            if not np.isfinite(patch).all():
                raise MfpsError(
                    f"face {face} (counted from 0), {self.part}: features are not finite in 16 bits; "
                    "use the official weights"
                )
            row = self.count % len(self.window)
            self.window[row], self.faces[row] = patch, face
            self.count += 1
            if row == len(self.window) - 1:
                self._fit(self.window)

    def finish(self, faces: int) -> None:
        """Cluster the patches that came since the window was last full."""
        if not self.count:
            raise MfpsError(
                f"none of {faces} faces has landmarks of the {self.part}; give aligned faces with landmarks"
            )
        if rest := self.count % len(self.window):
            self._fit(self.window[:rest])

    def _fit(self, patches: np.ndarray) -> None:
        if self.means is None:
            from sklearn.cluster import MiniBatchKMeans  # here, because importing it sets environment variables

            self.means = MiniBatchKMeans(
                min(self.entries, len(patches)),
                init="k-means++",
                init_size=len(patches),
                n_init=1,  # pyright: ignore[reportArgumentType] - scikit-learn is not annotated
                batch_size=len(patches),
                compute_labels=False,
                reassignment_ratio=0.01,
                random_state=self.seed,
            )
        numbers = patches.astype(np.float32)
        for _ in range(STEPS):
            self.means.partial_fit(numbers)

    def tensor(self) -> Tensor:
        """The centres, float16 (K, 256, s, s)."""
        side = PATCH_SIDES[self.part]
        return torch.from_numpy(self.centres.astype(np.float16)).view(-1, CHANNELS, side, side)

    def nearest(self) -> np.ndarray:
        """See `TrainedDictionary.nearest`."""
        patches = self.window[: self.count].astype(np.float32)
        distances = (patches**2).sum(1) - 2 * self.centres @ patches.T
        order = np.argsort(distances, 1, kind="stable")[:, :NEAREST]
        nearest = np.full((len(order), NEAREST), -1)
        nearest[:, : order.shape[1]] = self.faces[order]
        return nearest
