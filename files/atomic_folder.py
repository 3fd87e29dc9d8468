"""Folders that are there whole or not at all, and whether one can be made."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import MAX_PLACE, MfpsError, shortened


def check_free(folder: Path) -> None:
    """Raise an MfpsError unless a run could be written to `folder`: absent or empty, and its parent writable."""
    check_writable(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise MfpsError(
            f"{folder}: holds another run or other files, and a run overwrites nothing; give a new folder for `out`"
        )


def check_writable(folder: Path) -> None:
    """Raise an MfpsError unless `folder` is one to write to, or could be made."""
    ancestor = folder
    try:
        while not ancestor.exists():
            ancestor = ancestor.parent
    except OSError as error:
        shown = shortened(str(folder), MAX_PLACE)
        raise MfpsError(f"{shown}: cannot be a folder ({error.strerror}); give another one for `out`") from None
    if not ancestor.is_dir():
        raise MfpsError(f"{ancestor}: is a file, and `out` names a folder; give another one")
    if not os.access(ancestor, os.W_OK | os.X_OK):
        raise MfpsError(f"{folder}: no permission to write in {ancestor}; give another folder for `out`")


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A folder that gets all that the block wrote when the block ends, or nothing.

    The block is given a hidden folder to write to.

    Raises:
        MfpsError: the folder holds something, or cannot be written.
    """
    check_free(folder)
    there = folder.is_dir()
    name = f".{folder.name}.{os.getpid()}.part"
    hidden = folder / name if there else folder.with_name(name)
    made = next((place for place in reversed(folder.parents) if not place.exists()), None)
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
        shutil.rmtree(made or hidden, ignore_errors=True)
        raise
