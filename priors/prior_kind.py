"""What a kind of prior is: how it is stored, opened, found in pictures, made for a data set, and shown.

`priors/kinds.py` has the table. What a network must know about a prior is in the row of the same name in
`genotypes/prior_branches.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from ..engine.progress import track
from ..errors import MfpsError
from ..genotypes.prior_branches import PRIOR_BRANCHES
from .faces import CutFaces, SeenFaces, StoredFaces
from .sources import PriorSource

RGB = 3


@dataclass(frozen=True)
class ExternalSources:
    """Where the networks that find priors come from.

    Attributes:
        weights_dir: folder with external weights; None searches as `find_weights` does.
        parser: folder or name of the face parser.
        dictionary: dictionary file.
        landmarks_by: what finds landmarks: auto, fan or dlib; see `landmarks.detector.chosen_detector`.
    """

    weights_dir: Path | None = None
    parser: str | None = None
    dictionary: Path | None = None
    landmarks_by: str = "auto"


@runtime_checkable
class PriorFinder(Protocol):
    """Finds one prior in pictures of faces; everything it needs is loaded."""

    network: Mapping[str, Any]
    """Which network it has loaded; empty for none. The journal of an unfinished data set records it."""
    provenance: Mapping[str, Any]
    """What finds the prior, apart from the landmark detector."""

    def find(self, faces: SeenFaces) -> Tensor:
        """The prior of a batch, float32 (B, C, H, W) on the device of its images; zeros if nothing is found."""
        ...

    def make(self, faces: CutFaces) -> dict[str, Any]:
        """Store the prior of every face that has none yet, and return what it was made with."""
        ...


@dataclass(frozen=True)
class PriorKind:
    """A row of the table of priors.

    Attributes:
        name: name of its row in `PRIOR_BRANCHES`.
        finder: loads what finds the prior, on a device. Heavy libraries are imported only then.
        files: where the prior of a face is stored below DATA/priors, in this kind's formats; mfps writes the first.
            `{stem}` is the face's name without its suffix. Arrays (C, h, w) are also read, from the folders `name`
            and `array_folders`.
        open_files: opens such files, one per face; arrays are opened without it.
        shared_files: files below DATA/priors that hold the prior of all faces; they are read if the first exists.
        open_shared: opens these.
        array_folders: other names of the folder of arrays, besides `name`.
        flip_order: for a number of stored channels, which one each of them was before a horizontal flip; None if
            that is not known. By default every channel keeps its place.
        needs_landmarks: whether finding it needs landmarks; the detector is loaded once for all such kinds.
        picture_first: whether, with `heatmap_rgb`, its tensor begins with the picture's three channels.
        requires: fields of `ExternalSources` that finding it requires, each with the origin of the file.
        demo_sources: for the demo, which downloads nothing: makes what the finder needs from a few of the faces of a
            drawn data folder. Called with the folder, their number, a seed, a console and a device.
        show: lays the prior in a file over the enlarged picture of its face, uint8 (S, S, 3), for the contact sheet.
    """

    name: str
    finder: Callable[[ExternalSources, torch.device], PriorFinder]
    files: tuple[str, ...] = ()
    open_files: Callable[[Sequence[Path]], PriorSource] | None = None
    shared_files: tuple[str, ...] = ()
    open_shared: Callable[[StoredFaces], PriorSource] | None = None
    array_folders: tuple[str, ...] = ()
    flip_order: Callable[[int], Sequence[int] | None] = range
    needs_landmarks: bool = False
    picture_first: bool = False
    requires: Mapping[str, str] = field(default_factory=dict)
    demo_sources: Callable[[Path, int, int, Console, str], ExternalSources] | None = None
    show: Callable[[np.ndarray, Path], np.ndarray] | None = None

    @property
    def patterns(self) -> tuple[str, ...]:
        """Where the prior of one face may be stored in its own file, the usual place first."""
        folders = (self.name, *self.array_folders)
        return (*self.files, *(f"{folder}/{{{key}}}.npy" for folder in folders for key in ("name", "stem")))

    def file_of(self, root: Path, name: str, pattern: str | None = None) -> Path:
        """The file of one face.

        Args:
            root: the data folder.
            name: the face, a posix path relative to the photographs.
            pattern: one of `patterns`; by default the one that mfps writes.
        """
        stem = PurePosixPath(name).with_suffix("").as_posix()
        return root / "priors" / (pattern or self.patterns[0]).format(name=name, stem=stem)

    def stored_files(self, root: Path) -> tuple[str, list[Path]]:
        """What mfps stores for the faces: its name in reports, and the files that exist.

        Args:
            root: the data folder.
        """
        usual = PurePosixPath(self.shared_files[0] if self.shared_files else self.patterns[0])
        priors = root / "priors"
        if self.shared_files:
            return usual.stem, [file for file in (priors / usual,) if file.is_file()]
        return usual.parts[0], sorted((priors / usual.parent).rglob(f"*{usual.suffix}"))

    def found_channels(self, heatmap_rgb: bool) -> int:
        """C of the tensor that is found in pictures; `heatmap_rgb` puts the picture before heatmaps."""
        return PRIOR_BRANCHES[self.name].channels + RGB * (heatmap_rgb and self.picture_first)

    def check_sources(self, sources: ExternalSources) -> None:
        """Raise an MfpsError unless every required source is named."""
        for what, origin in self.requires.items():
            if getattr(sources, what) is None:
                raise MfpsError(f"the {self.name} prior needs a `{what}` file, {origin}")

    def make_files(
        self,
        faces: CutFaces,
        find: Callable[[np.ndarray], Iterable[np.ndarray]],
        write: Callable[[Path, np.ndarray], None],
    ) -> None:
        """Store a file for each face that has none, for a prior that needs only the picture.

        Args:
            faces: all faces of the data set.
            find: maps pictures, uint8 (B, size, size, 3), to what is stored for each.
            write: writes that to a file, atomically.
        """
        files = {name: self.file_of(faces.root, name) for name in faces.points}
        todo = [batch for batch in faces.batches if not all(files[name].is_file() for name in batch)]
        done = 0
        with track(self.name, sum(map(len, todo)), faces.console) as tick:
            for batch in todo:
                for name, found in zip(batch, find(faces.pictures(batch)), strict=True):
                    files[name].parent.mkdir(parents=True, exist_ok=True)
                    write(files[name], found)
                done += len(batch)
                tick(at=done)
