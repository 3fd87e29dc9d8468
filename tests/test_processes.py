"""Started processes: whatever happens to a test, none is left."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from .processes import hang_guard, run_process, started

BARE = (sys.executable, "-S", "-E", "-c")


def test_a_group_ends_with_its_block(tmp_path):
    """Parent and child hold a pipe, which is at its end once both are gone."""
    os.mkfifo(tmp_path / "pipe")
    program = "import os, signal; os.fork(); os.write(os.open('pipe', os.O_WRONLY), b'x'); signal.pause()"
    with suppress(KeyboardInterrupt), started(*BARE, program, folder=tmp_path) as process:
        pipe = (tmp_path / "pipe").open("rb")
        assert pipe.read(2) == b"xx"
        raise KeyboardInterrupt
    assert pipe.read() == b""
    pipe.close()
    assert process.process.returncode == -signal.SIGKILL


def test_waiting_stops_once_the_process_has_ended(tmp_path):
    with (
        started(*BARE, "raise SystemExit('no faces')", folder=tmp_path) as process,
        pytest.raises(pytest.fail.Exception, match="ended with status 1 before it happened:\nno faces"),
    ):
        process.wait_for((tmp_path / "never").exists)


def test_input_and_output(tmp_path):
    with started(*BARE, "print(input()[::-1])", folder=tmp_path) as process:
        process.tell("abc")
        assert process.end() == (0, "cba\n", "")
    program = "import os; print(os.getcwd(), os.environ['OMP_NUM_THREADS'], os.environ['A'])"
    assert run_process(*BARE, program, folder=tmp_path, A="b").out.split() == [str(Path(tmp_path).resolve()), "1", "b"]


def hang():
    with hang_guard():
        signal.pause()


def test_a_hanging_test_fails(monkeypatch):
    with monkeypatch.context() as patch:  # ends with the test: the guard of its teardown sets an alarm too
        patch.setattr("signal.alarm", lambda seconds: signal.setitimer(signal.ITIMER_REAL, 0.2 if seconds else 0))
        with pytest.raises(pytest.fail.Exception, match="nothing happened in 600 s"):
            hang()
