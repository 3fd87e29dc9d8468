"""Restoring whole photographs: each is read, its faces are found, restored and pasted back, and it is written at once.

A bad photograph is skipped and told. What is done stays, whatever comes after it.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from ...engine.progress import track
from ...engine.terminal import say
from ...errors import MfpsError
from ...files.atomic_file import atomic_file
from ...files.atomic_folder import made_folder
from ...files.done_journal import DoneJournal
from ...files.hashes import sha256_of
from ...images.colour import to_srgb
from ...images.photograph import Photograph, check_extent, read_photograph, write_photograph
from ...priors.landmarks.detector import LandmarkDetector
from ..restored_files import COMPARISONS, RestoredFiles
from ..reuse import Run
from .batches import OpenedPhotograph, restored_in_order
from .faces_to_restore import FaceRules, Faces, faces_to_restore
from .pasting import paste
from .record import entry_of, is_current, open_journal, write_record

PARTS: tuple[str, ...] = ("reading", "detection", "network", "pasting", "writing")
"""The parts of the work whose time is measured."""


class Album(NamedTuple):
    """Photographs to restore, and how."""

    folder: Path
    names: tuple[str, ...]
    files: RestoredFiles
    rules: FaceRules
    blend: float
    compare: bool
    """Also write pictures of the input beside the output."""
    batch_size: int
    settings: Mapping[str, Any]
    """What the results depend on, plain JSON data, for `restoration.json`."""
    facts: Mapping[str, Any]
    """What else is recorded, likewise."""
    priors: tuple[str, ...]
    """What the network is given for each face."""


class Done(NamedTuple):
    """What was done with an album."""

    files: tuple[Path, ...]
    """The photographs that were written, in the order of their names; those that were done before are among them."""
    faces: int
    """Faces that were restored."""
    without: int
    """Photographs in which none was."""
    before: int
    """Photographs that an earlier run had done."""
    left: Mapping[str, tuple[str, ...]]
    """By photograph, why a face was left as it is."""
    bad: Mapping[str, str]
    """By photograph, why it was skipped."""
    seconds: Mapping[str, float]
    """How long each of `PARTS` took."""


def restore_album(album: Album, detector: LandmarkDetector, run: Run, console: Console) -> Done:
    """Restore the faces of photographs.

    Args:
        album: the photographs.
        detector: finds their faces.
        run: restores a batch of faces.
        console: where progress is shown, and what is left or skipped.

    Raises:
        MfpsError: a result cannot be written, or the folder belongs to something else; what is done stays.
    """
    result_of = {name: album.files.folder / result for name, result in zip(album.names, album.files.names, strict=True)}
    faces, without, seconds = 0, 0, dict.fromkeys(PARTS, 0.0)
    left, bad = dict[str, tuple[str, ...]](), dict[str, str]()
    with _journal(album) as journal:
        entries = journal.entries if journal else {}
        todo = [name for name in album.names if not is_current(entries.get(name), album.folder / name, result_of[name])]
        opened = (_opened(album, name, detector) for name in todo)
        with track("restore", len(todo), console) as tick:
            for one in restored_in_order(opened, run, album.batch_size):
                if one.photograph is None:
                    bad[one.name] = one.error
                    say(console, f"skipped   {one.name}: {one.error}")
                else:
                    _write(album, one, result_of[one.name])
                    faces += len(one.faces.restored)
                    without += not one.faces.restored
                    _tell(one, console)
                if one.faces.left:
                    left[one.name] = one.faces.left
                for part, taken in one.seconds.items():
                    seconds[part] += taken
                if journal:
                    journal.add(one.name, **entry_of(one, _below(album, result_of[one.name]), album.priors))
                tick()
        if journal:
            facts = {**album.facts, "seconds": {part: round(taken, 3) for part, taken in seconds.items()}}
            write_record(journal, {"settings": album.settings, **facts}, album.names)
    files = tuple(result_of[name] for name in album.names if name not in bad)
    return Done(files, faces, without, len(album.names) - len(todo), left, bad, seconds)


@contextmanager
def _journal(album: Album) -> Iterator[DoneJournal | None]:
    """The folder, made if missing, and its journal; none beside a single file."""
    with made_folder(album.files.folder):
        yield None if album.files.single else open_journal(album.files.folder, album.settings)


def _opened(album: Album, name: str, detector: LandmarkDetector) -> OpenedPhotograph:
    """A photograph with its faces cut out."""
    one = OpenedPhotograph(name, None, Faces((), (), 0))
    file = album.folder / name
    try:
        with _timed(one, "reading"):
            photograph = read_photograph(file)
            width, height = photograph.extent
            check_extent((width * (1 + album.compare), height), album.files.kind)
            one.sha256 = sha256_of(file)
            if photograph.alpha is not None and album.files.kind == "jpg":
                lost = "transparency became white, as a jpg has none"
                photograph = photograph._replace(notes=(*photograph.notes, lost))
            seen = photograph.srgb()
        with _timed(one, "detection"):
            found = detector.detect(seen)
        with _timed(one, "pasting"):
            # Transparency over white is what people see; the face is cut out of what is below it.
            colour = seen if photograph.alpha is None else to_srgb(photograph.colour, photograph.profile)
            one.faces = faces_to_restore(colour, found, album.rules)
        one.photograph = photograph
    except (MfpsError, OSError) as error:
        one.error = str(error).removeprefix(f"{file}: ")
    return one


def _write(album: Album, one: OpenedPhotograph, result: Path) -> None:
    """Paste the restored faces into their photograph and write it."""
    photograph = one.photograph
    assert photograph is not None
    result.parent.mkdir(parents=True, exist_ok=True)
    before = photograph.colour.copy() if album.compare else photograph.colour
    with _timed(one, "pasting"):
        for face, restored in zip(one.faces.restored, one.restored, strict=True):
            paste(photograph.colour, photograph.own(restored), face, album.blend)
    with _timed(one, "writing"):
        if not one.faces.restored and photograph.unchanged_as == album.files.kind:
            with atomic_file(result, album.files.single) as partial:
                shutil.copyfile(album.folder / one.name, partial)
        else:
            write_photograph(result, photograph, album.files.kind, album.files.single)
        if album.compare:
            file = album.files.folder / COMPARISONS / _below(album, result)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_photograph(file, beside(before, photograph), album.files.kind)


def beside(before: np.ndarray, after: Photograph) -> Photograph:
    """A picture of a photograph's input to the left of its output.

    Args:
        before: the input's colours, uint8 (H, W, 3).
        after: the output.
    """
    return Photograph(np.hstack([before, after.colour]), profile=after.profile)


def _tell(one: OpenedPhotograph, console: Console) -> None:
    assert one.photograph is not None
    for reason in one.faces.left:
        say(console, f"left      {one.name}: {reason}")
    if not one.faces.restored and not one.faces.left:
        say(console, f"left      {one.name}: no face is found in it")
    for note in one.photograph.notes:
        say(console, f"note      {one.name}: {note}")


def _below(album: Album, result: Path) -> str:
    return result.relative_to(album.files.folder).as_posix()


@contextmanager
def _timed(one: OpenedPhotograph, part: str) -> Iterator[None]:
    began = perf_counter()
    yield
    one.seconds[part] = one.seconds.get(part, 0.0) + perf_counter() - began
