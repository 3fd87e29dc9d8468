"""A temporary folder that is gone when its block ends, also by a signal that arrives while it is made."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """Make a folder, and remove it with all that is in it when the block ends.

    Args:
        purpose: part of its name, `mfps-PURPOSE-...`.
    """
    with ExitStack() as stack:
        # A signal waits until the folder is known; it would leave the folder behind.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            folder = stack.enter_context(TemporaryDirectory(prefix=f"mfps-{purpose}-"))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield Path(folder)
