"""Faces kept in memory as bytes, in batches that are made anew whenever they are needed."""

import hashlib
from collections.abc import Iterator, Sequence

from .batch import Collate, FaceBatch
from .dataset import FaceFolder
from .sampling import FaceAddress


class KeptBatches:
    """Some faces of a folder in fixed batches, which can be gone through again and again.

    What is kept is small: pictures in bytes, points and label maps. Tensors, of which a prior may have hundreds of
    channels, exist for one batch at a time.

    Args:
        faces: the folder.
        addresses: its faces, in order; each is read once, here.
        batch_size: faces in a batch; the last one may be smaller.

    Attributes:
        names: of the faces.

    Raises:
        MfpsError: a face cannot be read, and none of its spares can.
    """

    def __init__(self, faces: FaceFolder, addresses: Sequence[FaceAddress], batch_size: int) -> None:
        self._samples = [faces[address] for address in addresses]
        self._collate = Collate(faces.priors)
        self._batch_size = batch_size
        self.names = tuple(sample.name for sample in self._samples)

    def __iter__(self) -> Iterator[FaceBatch]:
        for start in range(0, len(self._samples), self._batch_size):
            yield self._collate(self._samples[start : start + self._batch_size])

    @property
    def sha256(self) -> str:
        """Of all that the batches are made of."""
        found = hashlib.sha256(f"{self._batch_size}".encode())
        for sample in self._samples:
            for array in (sample.degraded, sample.clean, *sample.priors.values()):
                found.update(f"{array.dtype} {array.shape}".encode())
                found.update(array.tobytes())
        return found.hexdigest()
