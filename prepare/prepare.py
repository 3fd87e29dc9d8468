"""From a folder of photographs to a data set: aligned faces with their priors, and a reason for every dropped one.

Photographs are cut, then each prior is made; every pass continues where an interrupted run stopped. Then the records
are written: lists, manifest, report, contact sheet.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from ..engine.progress import track
from ..engine.terminal import say
from ..errors import MAX_PLACE, MfpsError, shortened
from ..files.atomic_file import remove_partials
from ..files.atomic_folder import check_writable
from ..files.done_journal import DoneJournal
from ..images.fit_note import fit_note
from ..images.lists import find_images, image_folder, result_names
from ..priors.faces import JOURNALS, CutFaces
from ..priors.kinds import PRIOR_KINDS
from ..priors.landmarks.conversion import convert_points
from ..priors.landmarks.formats import match_images, read_given_landmarks
from ..priors.landmarks.schemes import DETECTED_SCHEME, scheme_of_name
from .config import PrepareConfig, known_by_content
from .cut_files import UNREAD, cut_detected, cut_to_files, digest_of, start_worker
from .faces import PreparedFace
from .finders import Finders, open_finders
from .given_labels import without_label_maps
from .records import write_records


class Prepared(NamedTuple):
    """What `prepare` did."""

    faces: tuple[PreparedFace, ...]
    dropped: dict[str, tuple[str, ...]]
    """By photograph, the reasons why it or one of its faces was not kept."""


class _Landmarks(NamedTuple):
    """Where the landmarks of the photographs come from."""

    scheme: str
    given: Mapping[str, Sequence[np.ndarray]] | None
    """By photograph; None if they are to be found."""


def prepare(config: PrepareConfig, console: Console | None = None) -> Prepared:
    """Make a data set from a folder of photographs.

    Args:
        config: the settings.
        console: where progress and reasons are shown; None shows nothing.

    Raises:
        MfpsError: an input cannot be used (raised before anything is written), no face was kept, or the disk is full
            (finished work stays, and the same command continues it).
    """
    console = console or Console(quiet=True)
    # 1. The inputs, and the networks that find the rest.
    folder = image_folder(config.photos, config.follow_links)
    names = find_images(folder, config.follow_links)
    if config.labels is not None and config.labels.resolve() == folder.resolve():
        names = without_label_maps(names)
        if not names:
            raise MfpsError(f"{folder}: holds label maps but no photographs; put photographs there")
    result_names(names, folder)
    _check_out(config.out, folder)
    landmarks = _landmarks(config, names)
    finders = open_finders(config, landmarks.given is None)
    settings = {**config.settings, "networks": finders.networks()}
    journal = DoneJournal(config.out / JOURNALS / "photographs.jsonl", settings, known_by_content)
    _check_unchanged(journal, folder, config.out)
    remove_partials(config.out, recursive=True)

    # 2. Cut.
    todo = [name for name in names if not _was_read(journal.entries.get(name))]
    (config.out / "images").mkdir(exist_ok=True)
    with track("cut", len(todo), console) as tick:
        for name, entry in _cut_all(config, folder, todo, landmarks, finders):
            if journal.entries.get(name) != {"key": name, **entry}:
                journal.add(name, **entry)
            for reason in entry["dropped"]:
                say(console, f"dropped   {name}: {reason}")
            tick()
    entries = {name: journal.entries[name] for name in names}
    faces = tuple(PreparedFace.of(name, face) for name, entry in entries.items() for face in entry["faces"])
    dropped = {name: tuple(entry["dropped"]) for name, entry in entries.items() if entry["dropped"]}
    if not faces:
        name, reasons = next(iter(dropped.items()))
        raise MfpsError(f"{config.photos}: no face was kept from {len(names)} photographs; first {name}: {reasons[0]}")
    _check_names(faces)
    # Entries written by version 0.1 have no size.
    if note := fit_note((tuple(entry["size"]) for entry in entries.values() if "size" in entry), config.size):
        say(console, f"note      {note}")

    # 3. Priors; given label maps were already cut with the photographs.
    cut = CutFaces(
        config.out,
        config.size,
        {face.name: face.points for face in faces},
        landmarks.scheme,
        console,
        config.scheme or landmarks.scheme,
        finders.networks().get("landmarks", {"landmarks": settings["landmarks"]}),
    )
    given = {"labels": settings["labels"], "order": config.label_order}
    made = {prior: finders.priors[prior].make(cut) if prior in finders.priors else given for prior in config.priors}

    # 4. Records.
    write_records(
        config, faces, {name: entry["sha256"] for name, entry in entries.items()}, dropped, landmarks.scheme, made
    )
    return Prepared(faces, dropped)


def _cut_all(
    config: PrepareConfig,
    folder: Path,
    names: Sequence[str],
    landmarks: _Landmarks,
    finders: Finders,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The journal's entry of each photograph, in their order."""
    settings = {"folder": folder, "config": config, "scheme": landmarks.scheme}
    detector = finders.detector
    if detector is None:
        cut = partial(cut_to_files, **settings)
        given = [names, [(landmarks.given or {}).get(name, ()) for name in names]]
    else:
        cut, given = partial(cut_detected, detector=detector, **settings), [names]
    in_turn = detector is not None and not detector.one_core  # it uses all cores or the GPU itself
    if config.workers == 0 or len(names) < 2 or in_turn:
        yield from map(cut, *given)
        return
    try:
        with ProcessPoolExecutor(config.workers, initializer=start_worker) as pool:
            yield from pool.map(cut, *given, chunksize=4)
    except BrokenProcessPool:
        raise MfpsError(
            "a process that cuts photographs was killed, most likely because memory ran out; run the same command "
            "with fewer `workers` to continue"
        ) from None


def _landmarks(config: PrepareConfig, names: Sequence[str]) -> _Landmarks:
    if config.landmarks is not None:
        source = read_given_landmarks(config.landmarks, follow_links=config.follow_links)
        matched = match_images(source, names)
        if not any(matched.values()):
            raise MfpsError(
                f"{config.landmarks}: names none of the {len(names)} photographs in {config.photos}, first "
                f"{shortened(names[0], MAX_PLACE)}; it names {shortened(source.faces[0].image, MAX_PLACE)}"
            )
        found = _Landmarks(source.scheme, {name: [face.points for face in faces] for name, faces in matched.items()})
    else:
        needed = not config.aligned or any(PRIOR_KINDS[prior].needs_landmarks for prior in config.priors)
        found = _Landmarks(DETECTED_SCHEME, None if needed else {})
    if config.scheme is not None:  # the conversion is tried before any work is done
        convert_points(np.zeros((scheme_of_name(found.scheme).count, 2)), found.scheme, config.scheme)
    return found


def _check_out(out: Path, photographs: Path) -> None:
    check_writable(out)
    if out.is_dir() and any(out.iterdir()) and not (out / JOURNALS).is_dir():
        raise MfpsError(f"{out}: holds other files, and nothing is overwritten; choose a new folder")
    if out.resolve().is_relative_to(photographs.resolve()):
        raise MfpsError(f"{out}: lies inside the folder of the photographs; choose a folder outside of {photographs}")


def _was_read(entry: Mapping[str, Any] | None) -> bool:
    return entry is not None and entry["sha256"] is not None and not entry.items() >= UNREAD.items()


def _check_unchanged(journal: DoneJournal, folder: Path, out: Path) -> None:
    """If a photograph has changed, what was made from the old one would stay behind."""
    for name, entry in journal.entries.items():
        file = folder / name
        if _was_read(entry) and digest_of(file) != entry["sha256"]:
            what = "was changed" if file.is_file() else "is gone"
            raise MfpsError(f"{file}: {what} since {out} was started; choose another folder for the data set")


def _check_names(faces: Sequence[PreparedFace]) -> None:
    seen: dict[str, str] = {}
    for face in faces:
        if face.name in seen:
            raise MfpsError(f"{seen[face.name]} and {face.photograph} would both become {face.name}; rename one")
        seen[face.name] = face.photograph
