"""Folders that are filled completely or not at all, and checks that one can be made.

What is cleaned up is one's own: hidden folders, files by their names, then folders that were made for them and are
empty. Links are not followed.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import MAX_PLACE, MfpsError, shortened
from .atomic_file import leftovers, partial_of, shown_as, sync_folder
from .moves import below, move_out, remove_files, take_back_moves


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
        files, folders = below(hidden)
        try:
            with written_to(folder):
                hidden.replace(folder)
                sync_folder(folder.parent)
        except BaseException:
            if not hidden.exists():  # it has its name already
                remove_files(folder, files, [*folders, "."])
            raise


@contextmanager
def atomic_files(folder: Path, name: str = "", replaces: re.Pattern[str] | None = None) -> Iterator[Path]:
    """Add files to a folder when the block ends, all that the block wrote; on an error nothing is left of them.

    The block writes to a hidden folder in it. A killed process may leave some of its files; `clear_leftovers` with the
    same arguments removes them, and brings back those that they had replaced.

    Args:
        folder: it is made if missing, and may hold other files.
        name: names the hidden folder; by default the folder's own name.
        replaces: the paths, below the folder, of files that the new ones take the place of. Those that the block does
            not write anew are removed. By default nothing is replaced.

    Raises:
        MfpsError: one of the files exists and is not to be replaced, or the folder cannot be written.
    """
    hidden = partial_of(_target_in(folder, name))
    with made_folder(folder), _hidden_folder(hidden, folder):
        yield hidden
        old = [path for path in below(folder)[0] if replaces.fullmatch(path)] if replaces else []
        with written_to(folder):
            move_out(hidden, folder, old)


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
    for hidden in filter(_is_folder, leftovers(_target_in(folder, name))):
        if take_back_moves(hidden, folder):
            shutil.rmtree(hidden, ignore_errors=True)
    for hidden in filter(_is_folder, leftovers(folder)):
        shutil.rmtree(hidden, ignore_errors=True)


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
        if take_back_moves(hidden, folder):
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


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
