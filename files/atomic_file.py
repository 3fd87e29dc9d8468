"""Files that are there whole or not at all, even after a crash: written beside their place, synced, renamed.

Everything that a user keeps is written here; only journals, which grow line by line, are not.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import MfpsError

MAX_NAME_BYTES = 255
"""Of a file's name, on every usual file system."""

_PARTIAL = re.compile(r"\..+\.(\d+\.part|tmp)", re.DOTALL)
# Version 0.1 also wrote to names that end in `.tmp`, and an unfinished data set of it may hold some.


def write_atomically(file: str | Path, content: bytes | str) -> None:
    """Write a file so that a reader, or the next start of the machine, sees its old content or the new one.

    Args:
        file: where to; its folder must exist.
        content: text is written as UTF-8.

    Raises:
        MfpsError: it cannot be written; the old content stays.
    """
    with atomic_file(file) as partial:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def atomic_file(file: str | Path) -> Iterator[Path]:
    """A file that gets all that the block wrote when the block ends, or keeps its old content.

    The block is given a hidden file beside it to write to, for libraries that want a path. `write_atomically` is for
    content that is in memory.

    Args:
        file: where to; its folder must exist.

    Raises:
        MfpsError: it cannot be written; the old content stays.
    """
    file = Path(file)
    partial = _partial_of(file)
    try:
        try:
            yield partial
            _sync(partial, os.O_RDWR)
            partial.replace(file)
            if os.name != "nt":  # Windows opens no folders
                _sync(file.parent, os.O_RDONLY)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise MfpsError(
            f"{file}: cannot be written ({error.strerror or error}); check its folder, the permissions there and the "
            "free space"
        ) from error


def is_partial(path: Path) -> bool:
    """Whether a file is one that a killed process left half-written."""
    return _PARTIAL.fullmatch(path.name) is not None and path.is_file()


def remove_partials(folder: Path, recursive: bool = False) -> None:
    """Remove what killed processes left half-written in a folder that no other process is writing to.

    Args:
        folder: it must exist.
        recursive: also in the folders below it.
    """
    for path in list(folder.rglob(".*") if recursive else folder.glob(".*")):
        if is_partial(path):
            path.unlink(missing_ok=True)


def _partial_of(file: Path) -> Path:
    """Where a file is written before it gets its name."""
    ending = f".{os.getpid()}.part"
    name = file.name
    if len(os.fsencode(name)) + len(ending) >= MAX_NAME_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    return file.with_name(f".{name}{ending}")


def _sync(path: Path, flags: int) -> None:
    """Have the system write a file, or a folder's names, through to the disk."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
