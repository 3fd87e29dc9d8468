"""Files that exist completely or not at all, even after a crash: written to a hidden file, synced, renamed.

Everything that a user keeps is written this way, except journals, which grow line by line.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import MfpsError

MAX_NAME_BYTES = 255
"""The longest file name on all common file systems."""

_PARTIAL = re.compile(r"\..+\.(\d+\.part|tmp)", re.DOTALL)
# Version 0.1 also wrote to names that end in `.tmp`, and its unfinished data sets may hold some.


def write_atomically(file: str | Path, content: bytes | str, new: bool = False) -> None:
    """Write a file so that a reader sees either its old or its new content, even after a power failure.

    Args:
        file: the file to write; its folder must exist.
        content: text is written as UTF-8.
        new: refuse to replace a file.

    Raises:
        MfpsError: it cannot be written; the old content stays.
    """
    with atomic_file(file, new) as partial:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def atomic_file(file: str | Path, new: bool = False) -> Iterator[Path]:
    """Replace a file when the block ends, by all that the block wrote; on an error it keeps its old content.

    The block writes to a hidden file beside it, for libraries that need a path. For content in memory use
    `write_atomically`.

    Args:
        file: the file to write; its folder must exist.
        new: refuse to replace a file, even one that another process makes while the block runs.

    Raises:
        MfpsError: it cannot be written; the old content stays.
    """
    file = Path(file)
    partial = _partial_of(file)
    try:
        try:
            yield partial
            _sync(partial, os.O_RDWR)
            if new:
                _rename_to_new(partial, file)
            else:
                partial.replace(file)
            if os.name != "nt":  # Windows cannot open folders
                _sync(file.parent, os.O_RDONLY)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise MfpsError(
            f"{file}: cannot be written ({error.strerror or error}); check its folder, the permissions there and the "
            "free space"
        ) from error


def is_partial(path: Path) -> bool:
    """Whether a path is a half-written file left by a killed process."""
    return _PARTIAL.fullmatch(path.name) is not None and path.is_file()


def remove_partials(folder: Path, recursive: bool = False) -> None:
    """Remove the half-written files of killed processes from a folder that no other process is writing to.

    Args:
        folder: it must exist.
        recursive: also from the folders below it.
    """
    for path in list(folder.rglob(".*") if recursive else folder.glob(".*")):
        if is_partial(path):
            path.unlink(missing_ok=True)


def _partial_of(file: Path) -> Path:
    """The hidden file that is written before it is renamed."""
    ending = f".{os.getpid()}.part"
    name = file.name
    if len(os.fsencode(name)) + len(ending) >= MAX_NAME_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    return file.with_name(f".{name}{ending}")


def _rename_to_new(partial: Path, file: Path) -> None:
    """Give a file its name unless another file has it; a rename alone would replace that one."""
    file.open("xb").close()  # only one process succeeds
    try:
        partial.replace(file)
    except OSError:
        file.unlink()
        raise


def _sync(path: Path, flags: int) -> None:
    """Make the system write a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
