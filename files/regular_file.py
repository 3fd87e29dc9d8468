"""Files that a user names: opened only if they are regular files, and read only up to a size.

Opening a named pipe may wait forever and a device may be endless, so neither is opened. A file's size is checked before
it is read, so that a wrong file cannot fill the memory.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

from ..errors import MfpsError

_SPECIAL_FILES = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: str | Path, what: str, remedy: str = "check the path") -> BufferedReader:
    """Open a regular file for reading, or say why it cannot be opened.

    Args:
        path: the file, or a link to one.
        what: what it should be, for the message: `image`, `landmark file`.
        remedy: what to do where there is no such file.

    Raises:
        MfpsError: it is missing, a folder, a pipe, a device or a broken link, or may not be read.
    """
    path = Path(path)
    try:
        _refuse_others(path, os.stat(path).st_mode, what)  # noqa: PTH116 - Path.stat is the same, with more to catch
        # Non-blocking, in case a pipe takes the file's place in between: opening it would wait for a writer.
        opened = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    except MfpsError:
        raise
    except ValueError:  # a null byte, or a name that no file system permits
        raise MfpsError(f"{path}: no file can have such a name; {remedy}") from None
    except OSError as error:
        raise _refusal(path, what, remedy, error) from None
    try:
        _refuse_others(path, os.fstat(opened.fileno()).st_mode, what)
    except MfpsError:
        opened.close()
        raise
    return opened


def read_bytes(path: str | Path, what: str, limit: int, remedy: str = "check the path") -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Args:
        path: the file.
        what: what it should be, for the message.
        limit: a larger file is refused before it is read.
        remedy: what to do where there is no such file.

    Raises:
        MfpsError: as `open_regular`, or the file is too large.
    """
    with open_regular(path, what, remedy) as opened:
        try:
            size = os.fstat(opened.fileno()).st_size
            content = opened.read(limit + 1) if size <= limit else b""
        except OSError as error:
            raise _refusal(Path(path), what, remedy, error) from None
    if (size := max(size, len(content))) > limit:
        raise MfpsError(f"{path}: {size:,} bytes is too large for a {what} (at most {limit:,}); give another file")
    return content


def read_text(path: str | Path, what: str, limit: int, remedy: str = "check the path") -> str:
    """The text of a regular UTF-8 file of at most `limit` bytes, without a byte order mark.

    Args:
        path: the file.
        what: what it should be, for the message.
        limit: a larger file is refused before it is read.
        remedy: what to do if there is no such file, or it is not text.

    Raises:
        MfpsError: as `read_bytes`, or the file is not UTF-8.
    """
    content = read_bytes(path, what, limit, remedy)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MfpsError(f"{path}: the {what} is not UTF-8 text (byte {error.start}); {remedy}") from None


def is_file(path: str | Path) -> bool:
    """Whether a path is a regular file; False also for a name that no file can have."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where a name is too long


def is_folder(path: str | Path) -> bool:
    """Whether a path is a folder; False also for a name that no folder can have."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where a name is too long


def _refuse_others(path: Path, mode: int, what: str) -> None:
    if stat.S_ISDIR(mode):
        raise MfpsError(f"{path}: a folder stands where the {what} should be; give the path of a file")
    if not stat.S_ISREG(mode):
        found = _SPECIAL_FILES.get(stat.S_IFMT(mode), "something else")
        raise MfpsError(f"{path}: {found} stands where the {what} should be; give a regular file")


def _refusal(path: Path, what: str, remedy: str, error: OSError) -> MfpsError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        leads = ", only a link that leads nowhere" if os.path.islink(path) else ""  # noqa: PTH114 - see is_file
        return MfpsError(f"{path}: there is no such {what}{leads}; {remedy}")
    if error.errno == errno.ELOOP:
        return MfpsError(f"{path}: a link that leads in a circle, not a {what}; {remedy}")
    if error.errno in (errno.EACCES, errno.EPERM):
        return MfpsError(f"{path}: the {what} may not be read; check its permissions")
    return MfpsError(f"{path}: the {what} cannot be read ({error.strerror}); {remedy}")
