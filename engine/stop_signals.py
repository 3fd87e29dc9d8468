"""SIGINT and SIGTERM as requests: the run finishes its step, saves and ends. A second signal ends it at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether a signal asked the run to stop.

    Attributes:
        signum: the signal's number; 0 until one arrives.
    """

    def __init__(self) -> None:
        self.signum = 0


@contextmanager
def stop_signals() -> Iterator[StopRequest]:
    """Catch the first SIGINT or SIGTERM while the block runs; the second one has its usual effect.

    Outside the main thread, where Python allows no handlers, nothing is caught.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {signum: signal.getsignal(signum) for signum in STOPPING}

    def restore_handlers() -> None:
        for signum, handler in before.items():
            signal.signal(signum, handler if handler is not None else signal.SIG_DFL)

    def note(signum: int, _frame: FrameType | None) -> None:
        request.signum = signum
        restore_handlers()

    for signum in STOPPING:
        signal.signal(signum, note)
    try:
        yield request
    finally:
        restore_handlers()
