"""A line added to a file so that it is on the disk when the call returns.

Nothing is left of a line that could not be written. A kill can cut off only the last one, and then its end is missing.
"""

import os
from contextlib import suppress
from pathlib import Path

from ..errors import MfpsError


def append_line(file: Path, line: str) -> None:
    """Append a line to a file, which is made if missing, and make the system write it to the disk.

    Args:
        file: its folder must exist.
        line: without a line break.

    Raises:
        MfpsError: it cannot be written.
    """
    try:
        # Without a buffer: closing a file writes what is left of its buffer, also after a write that failed half-way.
        with file.open("ab", buffering=0) as opened:
            before, left = opened.seek(0, os.SEEK_END), f"{line}\n".encode()
            try:
                while left:
                    left = left[opened.write(left) :]
                os.fsync(opened.fileno())
            except OSError:
                with suppress(OSError):
                    opened.truncate(before)
                raise
    except OSError as error:
        raise MfpsError(
            f"{file}: cannot be written ({error.strerror}); check the permissions and the free space, then give the "
            "same command to continue"
        ) from error
