"""What was done to each photograph: a journal while the work lasts, and `restoration.json` when it ends."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import MfpsError
from ...files.atomic_file import remove_leftovers, remove_partials, write_atomically
from ...files.done_journal import DoneJournal
from ...files.hashes import sha256_of
from ...files.json_text import compact_leaves, read_strict
from ...files.regular_file import is_file, read_text
from .batches import OpenedPhotograph

RECORD, JOURNAL = "restoration.json", "restoration.jsonl"

MAX_RECORD_BYTES = 2**29
"""A photograph has about a kilobyte, and 40 faces have ten."""

_REMEDY = "give another folder for `out`"


def open_journal(folder: Path, settings: Mapping[str, Any]) -> DoneJournal:
    """Open the journal of a folder, from which an interrupted or a finished restoration goes on.

    Args:
        folder: where the restored photographs are; it may be empty.
        settings: what every one of them depends on, plain JSON data.

    Raises:
        MfpsError: the folder holds other files, or was started with other settings.
    """
    journal, record = folder / JOURNAL, folder / RECORD
    for file in (journal, record):
        remove_leftovers(file)
    if not is_file(journal) and not is_file(record) and any(folder.iterdir()):
        raise MfpsError(f"{folder}: holds other files and no {RECORD}, so nothing in it is to go on; {_REMEDY}")
    remove_partials(folder, recursive=True)
    if is_file(journal) or not is_file(record):
        return DoneJournal(journal, settings, place=folder)
    stored = _read(record)
    lines = [{"settings": stored["settings"]}, *({"key": key, **one} for key, one in stored["photographs"].items())]
    write_atomically(
        journal, "".join(json.dumps(line, sort_keys=not number) + "\n" for number, line in enumerate(lines))
    )
    try:
        return DoneJournal(journal, settings, place=folder)
    except MfpsError:
        journal.unlink()
        raise


def is_current(entry: Mapping[str, Any] | None, photograph: Path, result: Path) -> bool:
    """Whether a photograph is done: it was good, it has not changed since, and its result is there.

    Args:
        entry: of the journal.
        photograph: its file.
        result: the restored one.
    """
    if entry is None or "error" in entry or not is_file(result):
        return False
    try:
        return entry.get("sha256") == sha256_of(photograph)
    except OSError:
        return False


def entry_of(one: OpenedPhotograph, result: str, priors: Sequence[str]) -> dict[str, Any]:
    """What the record says about a photograph.

    Args:
        one: it, done.
        result: the name of its result.
        priors: what the network was given for its faces.
    """
    if one.photograph is None:
        return {"error": one.error}
    faces = [
        {
            "side": round(face.side, 1),
            "middle": [round(float(value), 1) for value in face.points.mean(0)],
            "score": None if face.score != face.score else round(face.score, 3),
        }
        for face in one.faces.restored
    ]
    return {
        "result": result,
        "sha256": one.sha256,
        "size": list(one.photograph.extent),
        "restored": faces,
        "left": list(one.faces.left),
        "not_asked_for": one.faces.others,
        "priors": list(priors) if faces else [],
        "notes": list(one.photograph.notes),
        "seconds": {part: round(taken, 3) for part, taken in one.seconds.items()},
    }


def write_record(journal: DoneJournal, facts: Mapping[str, Any], names: Sequence[str]) -> None:
    """Write `restoration.json` and remove the journal.

    Args:
        journal: all photographs are in it.
        facts: what is said about the whole, plain JSON data.
        names: the photographs, in the order in which they are listed.
    """
    done = {name: {k: v for k, v in journal.entries[name].items() if k != "key"} for name in names}
    text = compact_leaves(json.dumps({**facts, "photographs": done}, indent=1))
    write_atomically(journal.file.parent / RECORD, text + "\n")
    journal.file.unlink()


def _read(record: Path) -> dict[str, Any]:
    stored: Any = read_strict(read_text(record, "record", MAX_RECORD_BYTES, _REMEDY), remedy=_REMEDY)
    good = isinstance(stored, dict) and all(isinstance(stored.get(key), dict) for key in ("settings", "photographs"))
    if not good or not all(isinstance(one, dict) for one in stored["photographs"].values()):
        raise MfpsError(f"{record}: is not a record of restored photographs; {_REMEDY}")
    return stored
