"""Files moved out of a hidden folder to their places below another one, all of them or none, even after a kill.

Before the first move, a record in the hidden folder says what is to be moved, and copies of the files that will be
replaced or removed are made beside it. Whoever finds the record of a killed process takes its moves back.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import MfpsError
from .atomic_file import rename_to_new, sync_folder, write_atomically
from .boundary import Boundary
from .json_text import read_strict
from .regular_file import read_text

MOVES = ".moves.json"
"""In the hidden folder: the files that are moved, each with its inode's number, and those that they replace."""

OLD = ".old"
"""In the hidden folder: copies of the files that are replaced or removed."""

MAX_MOVES_BYTES = 256 * 2**20


def below(folder: Path) -> tuple[list[str], list[str]]:
    """The paths of all files and of all folders below a folder."""
    paths = sorted(folder.rglob("*"))
    files, folders = ([path for path in paths if path.is_dir() == wanted] for wanted in (False, True))
    return [str(path.relative_to(folder)) for path in files], [str(path.relative_to(folder)) for path in folders]


def move_out(hidden: Path, folder: Path, replaced: Iterable[str] = ()) -> None:
    """Move all files of a hidden folder to the same places below a folder; on an error all are taken back.

    Args:
        hidden: the hidden folder.
        folder: where to.
        replaced: paths below it of files that the moved ones take the place of; those with no successor are removed.

    Raises:
        MfpsError: another file has the name of one that is moved.
        OSError: a file cannot be moved.
    """
    files, folders = below(hidden)
    old = [name for name in replaced if os.path.lexists(folder / name)]
    if there := next((name for name in files if name not in old and os.path.lexists(folder / name)), None):
        raise MfpsError(f"{folder / there}: already exists, and nothing is overwritten; give another folder for `out`")
    for name in old:
        _keep(folder / name, hidden / OLD / name)
    record: dict[str, Any] = {
        "files": {name: (hidden / name).lstat().st_ino for name in files},
        "folders": [name for name in folders if not (folder / name).exists()],
        "old": old,
    }
    write_atomically(hidden / MOVES, json.dumps(record))
    try:
        for name in folders:
            (folder / name).mkdir(exist_ok=True)
        for name in files:
            if name in old:
                (hidden / name).replace(folder / name)
            else:
                rename_to_new(hidden / name, folder / name)
        for name in old:
            if name not in record["files"]:
                (folder / name).unlink()
        for name in dict.fromkeys((*folders, *(str(Path(name).parent) for name in old), ".")):
            sync_folder(folder / name)
    except BaseException:
        _take_back(hidden, folder, record)
        (hidden / MOVES).unlink(missing_ok=True)
        raise


def take_back_moves(hidden: Path, folder: Path) -> bool:
    """Take back what a process began to move and did not finish.

    Returns:
        Whether nothing is left to do, so that the hidden folder may be removed.
    """
    record = _read_record(hidden, folder)
    if record is None or _ended(folder, record):
        return True
    try:
        _take_back(hidden, folder, record)
    except OSError:  # they are another user's
        return not record["old"]
    return True


def remove_files(folder: Path, files: Iterable[str], folders: Iterable[str]) -> None:
    """Remove files, and those folders that are empty then.

    Args:
        folder: where they are.
        files: their paths below it. Of a link only the link is removed.
        folders: paths of folders below it.
    """
    for name in files:
        (folder / name).unlink(missing_ok=True)
    for name in sorted(folders, key=lambda name: -len(Path(name).parts)):
        with suppress(OSError):
            (folder / name).rmdir()


def _keep(file: Path, copy: Path) -> None:
    """Copy a file, or a link as a link, to the disk."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    if file.is_symlink():
        copy.symlink_to(file.readlink())
    else:
        write_atomically(copy, file.read_bytes())


def _take_back(hidden: Path, folder: Path, record: dict[str, Any]) -> None:
    """Bring back the files that were replaced or removed, and remove the new ones and the folders made for them."""
    moved = _moved(folder, record)
    for name in record["old"]:
        gone = name not in record["files"] and not os.path.lexists(folder / name)
        if (name in moved or gone) and os.path.lexists(hidden / OLD / name):
            (hidden / OLD / name).replace(folder / name)
    remove_files(folder, [name for name in moved if name not in record["old"]], record["folders"])


def _moved(folder: Path, record: dict[str, Any]) -> list[str]:
    return [name for name, number in record["files"].items() if _has_number(folder / name, number)]


def _ended(folder: Path, record: dict[str, Any]) -> bool:
    left = [name for name in record["old"] if name not in record["files"] and os.path.lexists(folder / name)]
    return not left and len(_moved(folder, record)) == len(record["files"])


def _read_record(hidden: Path, folder: Path) -> dict[str, Any] | None:
    """The record of the files that were to be moved; None if there is none, or mfps would not write such a one."""
    boundary = Boundary(folder)
    try:
        record = read_strict(read_text(hidden / MOVES, "record of moved files", MAX_MOVES_BYTES))
        record.setdefault("old", [])  # version 0.1 replaced nothing
        if not isinstance(record["files"], dict) or not isinstance(record["old"], list):
            return None
        for name in (*record["files"], *record["folders"], *record["old"]):
            if Path(name).is_absolute() or ".." in Path(name).parts:
                return None
            boundary.check(folder / name)
    except (MfpsError, KeyError, TypeError, AttributeError):
        return None
    return record


def _has_number(path: Path, number: object) -> bool:
    try:
        return path.lstat().st_ino == number
    except OSError:
        return False
