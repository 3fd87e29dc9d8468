"""Folders that are filled completely or not at all, and checks that one can be made.

What is cleaned up is one's own: hidden folders, files by their names, then folders that were made for them and are
empty. Links are not followed.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import MAX_PLACE, MfpsError, shortened
from .atomic_file import leftovers, partial_of, rename_to_new, shown_as, sync_folder, write_atomically
from .boundary import Boundary
from .json_text import read_strict
from .regular_file import read_text

MOVES = ".moves.json"
"""In a hidden folder whose files are being moved out of it: the files, each with its inode's number."""

MAX_MOVES_BYTES = 256 * 2**20


def check_free(folder: Path) -> None:
    """Raise an MfpsError unless `folder` is missing or empty and can be written to.

    What a killed process left half-written of it is removed first.
    """
    check_writable(folder)
    clear_leftovers(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise MfpsError(
            f"{folder}: holds another run or other files, and a run overwrites nothing; give a new folder for `out`"
        )


def check_writable(folder: Path) -> None:
    """Raise an MfpsError unless `folder` is writable, or could be made."""
    ancestor = folder
    try:
        while not ancestor.exists():
            ancestor = ancestor.parent
    except OSError as error:
        shown = shortened(str(folder), MAX_PLACE)
        raise MfpsError(f"{shown}: cannot be a folder ({error.strerror}); give another one for `out`") from None
    if not ancestor.is_dir():
        raise MfpsError(f"{ancestor}: is a file, but `out` must be a folder; give another one")
    if not os.access(ancestor, os.W_OK | os.X_OK):
        raise MfpsError(f"{folder}: no permission to write in {ancestor}; give another folder for `out`")


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Fill a folder when the block ends, with all that the block wrote; on an error nothing is left.

    The block writes to a hidden folder. If it fails, that folder is removed, and so are the parents that were made for
    it, unless something else has been written there meanwhile.

    Raises:
        MfpsError: the folder is not empty, or cannot be written.
    """
    check_free(folder)
    if folder.is_dir():  # it may be somebody's working folder or a mounted one, so it stays the same folder
        with atomic_files(folder) as hidden:
            yield hidden
        return
    hidden = partial_of(folder)
    with made_folder(folder.parent), _hidden_folder(hidden, folder):
        yield hidden
        files, folders = _below(hidden)
        try:
            with written_to(folder):
                hidden.replace(folder)
                sync_folder(folder.parent)
        except BaseException:
            if not hidden.exists():  # it has its name already
                remove_files(folder, files, [*folders, "."])
            raise


@contextmanager
def atomic_files(folder: Path, name: str = "") -> Iterator[Path]:
    """Add files to a folder when the block ends, all that the block wrote; on an error nothing is left of them.

    The block writes to a hidden folder in it. A killed process may leave some of its files; `clear_leftovers` with the
    same arguments removes them.

    Args:
        folder: it is made if missing, and may hold other files.
        name: names the hidden folder; by default the folder's own name.

    Raises:
        MfpsError: one of the files exists, or the folder cannot be written.
    """
    hidden = partial_of(_target_in(folder, name))
    with made_folder(folder), _hidden_folder(hidden, folder):
        yield hidden
        _move_out(hidden, folder)


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder with its parents; if the block fails, remove those that were made and are empty.

    Raises:
        MfpsError: it cannot be made.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]  # the innermost first
    try:
        with written_to(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for place in made:
                sync_folder(place.parent)
        yield
    except BaseException:
        with suppress(OSError):  # of one that is not empty: it is somebody else's as well
            for place in made:
                if place.exists():
                    place.rmdir()
        raise


def clear_leftovers(folder: Path, name: str = "") -> None:
    """Remove what killed processes left half-written of a folder, as `atomic_folder` or `atomic_files` names it."""
    inside = leftovers(_target_in(folder, name))
    for hidden in filter(_is_folder, inside):
        record = _read_moves(hidden, folder)
        if record is not None and len(_moved(folder, record)) < len(record["files"]):  # otherwise it had ended
            with suppress(OSError):  # they are another user's
                _take_back(folder, record)
    for hidden in filter(_is_folder, (*inside, *leftovers(folder))):
        shutil.rmtree(hidden, ignore_errors=True)


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


@contextmanager
def _hidden_folder(hidden: Path, folder: Path) -> Iterator[None]:
    """Make a folder's hidden folder, and remove it in the end; errors name the folder itself."""
    try:
        with shown_as(hidden, folder):
            hidden.mkdir()
            yield
    except OSError as error:
        if str(hidden) not in f"{error.filename} {error.filename2}":
            raise
        with written_to(folder):
            raise
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


@contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """Let a system's error name a folder that cannot be written."""
    try:
        yield
    except OSError as error:
        raise MfpsError(
            f"{folder}: cannot be written ({error.strerror or error}); check its permissions and the free space, or "
            "give another folder for `out`"
        ) from error


def _target_in(folder: Path, name: str) -> Path:
    return folder / (name or folder.absolute().name or "mfps")


def _below(folder: Path) -> tuple[list[str], list[str]]:
    """All files and all folders below a folder."""
    paths = sorted(folder.rglob("*"))
    files, folders = ([path for path in paths if path.is_dir() == wanted] for wanted in (False, True))
    return [str(path.relative_to(folder)) for path in files], [str(path.relative_to(folder)) for path in folders]


def _move_out(hidden: Path, folder: Path) -> None:
    """Move all files of a hidden folder to the same places below a folder."""
    files, folders = _below(hidden)
    if there := next((name for name in files if os.path.lexists(folder / name)), None):
        raise MfpsError(f"{folder / there}: already exists, and nothing is overwritten; give another folder for `out`")
    record: dict[str, Any] = {
        "files": {name: (hidden / name).lstat().st_ino for name in files},
        "folders": [name for name in folders if not (folder / name).exists()],
    }
    write_atomically(hidden / MOVES, json.dumps(record))
    try:
        with written_to(folder):
            for name in folders:
                (folder / name).mkdir(exist_ok=True)
            for name in files:
                rename_to_new(hidden / name, folder / name)
            for name in (*folders, "."):
                sync_folder(folder / name)
    except BaseException:
        _take_back(folder, record)
        raise


def _take_back(folder: Path, record: dict[str, Any]) -> None:
    """Remove the files that were moved, and the folders that were made for them."""
    remove_files(folder, _moved(folder, record), record["folders"])


def _moved(folder: Path, record: dict[str, Any]) -> list[str]:
    return [name for name, number in record["files"].items() if _has_number(folder / name, number)]


def _read_moves(hidden: Path, folder: Path) -> dict[str, Any] | None:
    """The record of the files that were to be moved; None if there is none, or mfps would not write such a one."""
    boundary = Boundary(folder)
    try:
        moves = read_strict(read_text(hidden / MOVES, "record of moved files", MAX_MOVES_BYTES))
        if not isinstance(moves["files"], dict):
            return None
        for name in (*moves["files"], *moves["folders"]):
            if Path(name).is_absolute() or ".." in Path(name).parts:
                return None
            boundary.check(folder / name)
    except (MfpsError, KeyError, TypeError):
        return None
    return moves


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _has_number(path: Path, number: object) -> bool:
    try:
        return path.lstat().st_ino == number
    except OSError:
        return False
