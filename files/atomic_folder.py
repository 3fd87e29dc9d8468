"""Folders that exist completely or not at all, and checks that one can be made."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import MAX_PLACE, MfpsError, shortened


def check_free(folder: Path) -> None:
    """Raise an MfpsError unless `folder` is missing or empty and can be written to."""
    check_writable(folder)
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
    there = folder.is_dir()
    name = f".{folder.name}.{os.getpid()}.part"
    hidden = folder / name if there else folder.with_name(name)
    made = [place for place in hidden.parents if not place.exists()]  # the innermost first
    try:
        hidden.mkdir(parents=True)
    except OSError as error:
        raise MfpsError(f"{folder}: cannot be written ({error.strerror}); give another folder for `out`") from None
    try:
        yield hidden
        if there:
            for written in hidden.iterdir():
                written.replace(folder / written.name)
            hidden.rmdir()
        else:
            hidden.replace(folder)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        with suppress(OSError):  # of a parent that is not empty: it is somebody else's as well
            for place in made:
                place.rmdir()
        raise
