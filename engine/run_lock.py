"""One process per run folder: a lock that the system releases when its process ends, however it ends.

A POSIX record lock on `run.lock`. Unlike `flock` it is not shared with forked worker processes, which may outlive a
killed run for some seconds, and it works on network file systems. A lock file that is left behind locks nothing.
"""

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import MAX_VALUE, MfpsError, shortened

LOCK = "run.lock"


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Lock a run folder while the block runs.

    Args:
        folder: it must exist.

    Raises:
        MfpsError: another process has locked it.
    """
    file = folder / LOCK
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    owned = False
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            owned = _is_there(descriptor, file)
        except (BlockingIOError, PermissionError):
            pass
        if not owned:
            raise MfpsError(
                f"{folder}: {_owner(descriptor)} is working in it; wait until it ends, or give another folder for `out`"
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"host": platform.node(), "process": os.getpid()}).encode())
        yield
    finally:
        if owned:
            file.unlink(missing_ok=True)
        os.close(descriptor)


def _is_there(descriptor: int, file: Path) -> bool:
    """Whether the open file still has its name: the previous owner may have removed it in between."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def _owner(descriptor: int) -> str:
    try:
        found = json.loads(os.pread(descriptor, 1000, 0))
        return f"process {int(found['process'])} on {shortened(str(found['host']), MAX_VALUE)}"
    except (ValueError, KeyError, TypeError):
        return "another process"
