"""A photograph that was dropped: looked at for faces, and restored as `mfps restore` does it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, NamedTuple

import numpy as np

from ..errors import MfpsError, counted
from ..files.config_model import fill
from ..images.fields import PictureFormat
from ..images.image import fit_square, image_size, read_image
from ..images.photograph import Photograph, read_photograph, write_photograph
from ..inference.config import RestoreConfig
from ..inference.restore import restore
from ..inference.restore_job import Restored
from ..inference.whole.crop_or_whole import crops_or_whole
from ..inference.whole.faces_to_restore import FaceRules, faces_to_restore
from ..priors.landmarks.detector import LandmarkDetector, is_at_hand, open_detector
from .config import ServeConfig
from .faces_found import Fate, shrunk, with_boxes
from .networks import Network
from .remembering_detector import RememberingDetector

Which = Literal["all", "largest", "centre"]
PriorsFrom = Literal["coarse", "degraded", "none"]


class Wanted(NamedTuple):
    """How a photograph is to be restored."""

    network: Network
    face: Which = "all"
    blend: float = 1.0
    priors: PriorsFrom = "coarse"
    """Where the priors come from; with none, zeros are in their place."""
    iterations: int | None = None
    format: PictureFormat = "png"

    def fields(self) -> dict[str, Any]:
        """The fields of `RestoreConfig` that say the same."""
        drop = self.network.opened.priors if self.priors == "none" else ()
        source = {} if self.priors == "none" else {"priors_from": self.priors}
        return {
            "weights": self.network.weights,
            "face": self.face,
            "blend": self.blend,
            "drop_prior": drop,
            "iterations": self.iterations,
            "format": self.format,
            **(source if self.network.opened.priors else {}),
        }


class Seen(NamedTuple):
    """What was seen in a photograph."""

    picture: np.ndarray
    """It, with a numbered box around each face, as it is shown: uint8 (H, W, 3)."""
    said: str
    left: tuple[str, ...]
    """Why a face is left as it is, a line each."""


class Result(NamedTuple):
    """A restored photograph."""

    file: Path
    before: Path
    """The photograph as it is shown beside the result."""
    after: Path
    said: str
    notes: tuple[str, ...]


class Restoring:
    """Restores photographs, one after the other.

    Args:
        config: where faces and priors are found, and how large a photograph may be.
    """

    def __init__(self, config: ServeConfig) -> None:
        self._config = config
        self._detector = RememberingDetector(
            lambda: open_detector(config.landmarks_by, config.device, config.weights_dir)
        )
        self._stopped = threading.Event()
        self._one = threading.Lock()

    def check(self) -> None:
        """Raise an MfpsError once the page is being closed."""
        if self._stopped.is_set():
            raise MfpsError("the page is being closed")

    def stop(self) -> None:
        """Let nothing be started any more."""
        self._stopped.set()

    def wait(self) -> None:
        """Wait until nothing is being restored."""
        with self._one:
            return

    def look(self, photo: Path, wanted: Wanted) -> Seen:
        """Find the faces in a photograph.

        Args:
            photo: its file.
            wanted: which network is to restore which faces.

        Raises:
            MfpsError: it cannot be read or is too large, or nothing finds faces.
        """
        with self._one_at_a_time(photo):
            pixels = int(self._config.max_megapixels * 1e6)
            width, height = image_size(photo, pixels)
            size = wanted.network.opened.size
            verdict = crops_or_whole(photo.parent, [photo.name], size, self._opened)
            extent = f"{width} \u00d7 {height} pixels"
            if not verdict.whole:
                reason = verdict.reason or "a face crop"
                return Seen(shrunk(read_image(photo, pixels)), f"{extent}: {reason}", ())
            photograph = read_photograph(photo, pixels)
            colour = photograph.srgb()
            found = self._detector.detect(colour)
            faces = faces_to_restore(colour, found, FaceRules(size, wanted.face))
            chosen = {id(face.points) for face in faces.restored}
            unable = {int(line.split(":")[0].removeprefix("face ")) for line in faces.left}
            fates: list[Fate] = [
                "restored" if id(face.points) in chosen else "left" if number in unable else "other"
                for number, face in enumerate(found, 1)
            ]
            said = f"{extent}: {counted(len(found), 'face')} found" if found else f"{extent}: no face is found in it"
            return Seen(with_boxes(colour, [face.box for face in found], fates), said, faces.left)

    def restore(self, photo: Path, wanted: Wanted, into: Path) -> Result:
        """Restore a photograph.

        Args:
            photo: its file; it was looked at.
            wanted: how.
            into: an empty folder for the result, which gets the photograph's name, and for what is shown.

        Raises:
            MfpsError: it cannot be restored.
        """
        with self._one_at_a_time(photo):
            result = into / "result" / f"{photo.stem}.{wanted.format}"
            result.parent.mkdir()
            began = perf_counter()
            external = ("device", "weights_dir", "landmarks_by", "parser", "dictionary")
            given = {**{name: getattr(self._config, name) for name in external}, **wanted.fields()}
            config = fill(RestoreConfig, {**given, "source": photo, "out": result})
            done = restore(config, detector=self._opened(), reuse=wanted.network.reuse)
            took = perf_counter() - began
            if done.whole is not None and done.whole.bad:
                raise MfpsError(f"{photo.name}: {next(iter(done.whole.bad.values()))}")
            self.check()
            before, after = self._shown(photo, result, done)
            for name, picture in (("before.jpg", before), ("after.jpg", after)):
                write_photograph(into / name, Photograph(shrunk(picture)), "jpg")
            said, notes = _told(done, took)
            return Result(result, into / "before.jpg", into / "after.jpg", said, notes)

    def _opened(self) -> LandmarkDetector | None:
        """The detector; None where nothing finds faces without a download that nobody asked for."""
        config = self._config
        if config.landmarks_by == "auto" and not is_at_hand(config.weights_dir):
            return None
        self._detector.opened()
        return self._detector

    @contextmanager
    def _one_at_a_time(self, photo: Path) -> Iterator[None]:
        """A block in which one photograph is worked on; errors name it as people know it, without a folder."""
        with self._one:
            self.check()
            try:
                yield
            except MfpsError as error:
                raise MfpsError(str(error).replace(f"{photo.parent}/", "")) from None

    def _shown(self, photo: Path, result: Path, done: Restored) -> tuple[np.ndarray, np.ndarray]:
        """The photograph, and the result, uint8 of the same shape."""
        after = read_photograph(result).srgb()
        if done.whole is not None:
            return read_photograph(photo).srgb(), after
        return fit_square(read_image(photo), done.size, enlarge=True)[0], after


def _told(done: Restored, took: float) -> tuple[str, tuple[str, ...]]:
    """What was done in one line, and what else is worth knowing."""
    passes = counted(done.iterations, "iteration")
    how = f"{done.size} px, {passes}, in {took:.1f} s"
    notes = [f"priors: {done.priors}"] if done.priors else []
    if done.left_out:
        notes.append(f"without priors: {', '.join(done.left_out)}")
    if done.fit:
        notes.append(done.fit)
    if done.whole is None:
        return f"1 face crop restored at {how}", tuple(notes)
    if not done.whole.faces:
        return "nothing is restored, the photograph stays as it is", ()
    return f"{counted(done.whole.faces, 'face')} restored at {how}", tuple(notes)
