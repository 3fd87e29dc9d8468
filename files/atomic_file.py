"""Files that exist completely or not at all, even after a crash: written to a hidden file, synced, renamed.

Everything that a user keeps is written this way, except journals, which grow line by line. The hidden file is called
after the file and the process, so that what a killed process left is known: the next one removes it.
"""

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import MfpsError, printable

MAX_NAME_BYTES = 255
"""The longest file name on all common file systems."""

_PARTIAL = re.compile(r"\.(.+\.\d+\.(part|tmp)|.+\.(json|safetensors)\.tmp)", re.DOTALL)
# Version 0.1 wrote to names that end in `.tmp`, and its unfinished data sets may hold some.

_NO_HARD_LINKS = (errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


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
        MfpsError: it cannot be written. The old content stays, unless only the folder could not be synced at last.
    """
    file = Path(file)
    partial = partial_of(file)
    named = False
    try:
        try:
            with shown_as(partial, file):
                yield partial
            _sync(partial, os.O_RDWR)
            if new:
                rename_to_new(partial, file)
                named = True
            else:
                partial.replace(file)
            sync_folder(file.parent)
        except BaseException:
            if named:
                file.unlink(missing_ok=True)
            raise
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


def partial_of(target: Path) -> Path:
    """The hidden file or folder that is written before it is renamed to `target`."""
    ending = f".{os.getpid()}.part"
    name = target.name
    if len(os.fsencode(name)) + len(ending) >= MAX_NAME_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    return target.parent / f".{name}{ending}"


def leftovers(target: Path) -> list[Path]:
    """What processes that no longer run left of `target`: hidden files and folders as `partial_of` names them.

    A process on another machine counts as one that no longer runs; what two of them write to one place, one loses.
    """
    own = partial_of(target).name
    name = re.compile(re.escape(own.removesuffix(f"{os.getpid()}.part")) + r"(\d{1,10})\.part", re.ASCII)
    with suppress(OSError):  # there is no folder, or it cannot be listed
        found = [(path, name.fullmatch(path.name)) for path in target.parent.iterdir()]
        return [path for path, match in found if match and not _runs(int(match[1]))]
    return []


def remove_leftovers(file: Path) -> None:
    """Remove what killed processes left of a file; of no other file."""
    for path in leftovers(file):
        if path.is_symlink() or path.is_file():
            with suppress(OSError):  # it is another user's
                path.unlink()


def rename_to_new(partial: Path, file: Path) -> None:
    """Give a file its name unless another file has it; a rename alone would replace that one.

    Raises:
        OSError: another file has the name (FileExistsError), or the file cannot get it.
    """
    try:
        os.link(partial, file)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(file):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file)) from None
        partial.replace(file)
    else:
        partial.unlink()


@contextmanager
def shown_as(hidden: Path, target: Path) -> Iterator[None]:
    """Let errors name what the user knows in place of something hidden."""
    try:
        yield
    except MfpsError as error:
        text = str(error)
        renamed = text.replace(printable(str(hidden)), printable(str(target)))
        if renamed == text:
            raise
        raise MfpsError(renamed) from error


def sync_folder(folder: Path) -> None:
    """Make the system write the names in a folder to the disk."""
    if os.name != "nt":  # Windows cannot open folders
        _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    """Make the system write a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _runs(process: int) -> bool:
    """Whether another process of this number runs."""
    if process == os.getpid() or process < 1 or os.name == "nt":
        return os.name == "nt"
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
