"""Faces as the kinds of priors receive them: to open stored priors, to find priors in, or to make priors for.

Legend: B batch, H/W pixels, K points. Points are x and y in pixels, 0 at the centre of the first pixel.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from torch import Tensor

from ..files.done_journal import DoneJournal
from ..images.image import read_image

BATCH = 4
"""Faces that a network sees together; few, because they are enlarged to 512 pixels. A batch has the same faces in every
run, because for others sums may be taken in a different order."""

JOURNALS = ".prepare"
"""Folder of the journals in a data folder."""


class StoredFaces(NamedTuple):
    """Faces of a data folder whose priors are to be opened."""

    folder: Path
    """The folder `priors`."""
    names: Sequence[str]
    """The faces, as posix paths relative to the photographs."""
    photo_sizes: Mapping[str, tuple[int, int]]
    """Width and height of each photograph in pixels, by name."""
    heatmap_rgb: bool = False
    """Put the degraded picture before heatmaps that are drawn from landmarks."""


class SeenFaces(NamedTuple):
    """A batch of aligned faces in which priors are to be found."""

    images: Tensor
    """float32 (B, 3, H, W), RGB in [0, 1], H = W, on the device where the priors are wanted."""
    pictures: np.ndarray
    """The same as uint8 (B, H, W, 3)."""
    points: np.ndarray | None
    """float64 (B, K, 2) in the detector's scheme, NaN for a face without landmarks; None if nothing needs them."""


@dataclass(frozen=True)
class CutFaces:
    """The faces of a data folder for which priors are to be made.

    Attributes:
        root: the data folder, with the pictures in `images`; priors go to `priors`.
        size: side of the faces in pixels.
        points: float64 (K, 2) by face, all faces in their order; NaN where a point is missing, None where all are.
        scheme: the scheme of the points.
        console: where progress is shown.
        stored_scheme: the scheme in which landmarks are to be stored.
        points_by: where the points come from, a file or a network, for the record.
    """

    root: Path
    size: int
    points: Mapping[str, np.ndarray | None]
    scheme: str
    console: Console
    stored_scheme: str
    points_by: Mapping[str, Any] = field(default_factory=dict)

    @property
    def batches(self) -> Iterator[list[str]]:
        """The faces' names, `BATCH` at a time."""
        names = list(self.points)
        for start in range(0, len(names), BATCH):
            yield names[start : start + BATCH]

    def pictures(self, names: Sequence[str]) -> np.ndarray:
        """The pictures of some faces, uint8 RGB (B, size, size, 3)."""
        return np.stack([read_image(self.root / "images" / name) for name in names])

    def journal(self, task: str, settings: Mapping[str, Any]) -> DoneJournal:
        """The journal of a long task on these faces; see `DoneJournal`.

        Args:
            task: names the file.
            settings: what every entry depends on.
        """
        return DoneJournal(self.root / JOURNALS / f"{task}.jsonl", settings)
