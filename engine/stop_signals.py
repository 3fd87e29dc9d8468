"""SIGINT and SIGTERM as a request: the run finishes its step, saves and ends. A second one ends it at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether a signal asked for the end.

    Attributes:
        signum: the signal's number, 0 as long as none came.
    """

    def __init__(self) -> None:
        self.signum = 0


@contextmanager
def stop_signals() -> Iterator[StopRequest]:
    """Catch the first SIGINT or SIGTERM while the block runs; the second one acts as it did before.

    Outside the main thread, where Python allows no handlers, nothing is caught.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {signum: signal.getsignal(signum) for signum in STOPPING}

    def give_back() -> None:
        for signum, handler in before.items():
            signal.signal(signum, handler if handler is not None else signal.SIG_DFL)

    def note(signum: int, _frame: FrameType | None) -> None:
        request.signum = signum
        give_back()

    for signum in STOPPING:
        signal.signal(signum, note)
    try:
        yield request
    finally:
        give_back()
