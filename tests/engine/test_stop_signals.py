import os
import signal
import threading

import pytest
from mfps.engine.stop_signals import stop_signals


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_acts(signum):
    acted = []
    before = signal.signal(signum, lambda number, _: acted.append(number))
    try:
        with stop_signals() as request:
            assert request.signum == 0
            os.kill(os.getpid(), signum)
            assert (request.signum, acted) == (signum, [])
            os.kill(os.getpid(), signum)
            assert acted == [signum]
    finally:
        signal.signal(signum, before)


def test_the_handlers_come_back():
    before = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)]
    with stop_signals():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)] == before


def test_in_another_thread_nothing_is_caught():
    found = []

    def run():
        with stop_signals() as request:
            found.append(request.signum)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [0]
