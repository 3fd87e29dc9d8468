"""The law that every reader is held to, and the clock that ends a test which computes too long."""

import json
import signal
import sys
import warnings
from pathlib import Path

import pytest
from mfps.errors import MfpsError, printable

from ..processes import started
from .readers import READERS

LONGEST_CPU_S = 20
"""Seconds of computing that a test may take. The slowest takes some five."""

MAX_GROWTH_MB = 200
"""Memory that a refused file may take."""


@pytest.fixture(autouse=True)
def clock():
    """Fails a test that computes too long. One that waits, for a pipe maybe, is failed by `hang_guard`."""

    def too_late(*_):
        pytest.fail(f"a reader computed for more than {LONGEST_CPU_S} s")

    before = signal.signal(signal.SIGPROF, too_late)
    signal.setitimer(signal.ITIMER_PROF, LONGEST_CPU_S)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def held_to_the_law(reader: str, path: Path, read=None) -> str:
    """Read a file. Whatever it is, it is read, or refused in one short line that names it, and nothing else happens."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            (read or READERS[reader])(path)
            message = ""
        except MfpsError as error:
            message = str(error)
    assert not warned, [str(warning.message) for warning in warned]
    if message:
        assert message.isprintable()
        assert len(message) < 600
        assert printable(path.name)[:20].replace("'", "") in message.replace("'", "").replace("\\\\", "\\")
    return message


@pytest.fixture
def checked(capfd):
    """`checked(reader, path)` checks a reader, and returns its message; "" where the file was read."""

    def judge(reader, path, read=None):
        message = held_to_the_law(reader, path, read)
        assert capfd.readouterr() == ("", "")
        return message

    return judge


@pytest.fixture(scope="session")
def measuring_process():
    """A process that reads what it is told to, and measures itself; see `measured_reads.py`."""
    script = Path(__file__).with_name("measured_reads.py")
    with started(sys.executable, script, str(LONGEST_CPU_S), folder=script.parent) as process:
        yield process
        assert process.running()


@pytest.fixture
def bounded_read(measuring_process):
    """`bounded_read([(reader, path), ...])` reads files, and checks that none takes much memory or time, or writes to
    stderr; it returns the messages.
    """

    def measure(cases):
        messages = []
        for reader, path in cases:
            what, before = f"{path.name} as {reader}", measuring_process.out
            measuring_process.tell(json.dumps([reader, str(path)]))
            measuring_process.wait_for(lambda before=before: measuring_process.out[len(before) :].endswith("\n"))
            line = measuring_process.out[len(before) :]
            assert (line[0], measuring_process.err) == ("[", ""), what
            message, growth, seconds = json.loads(line)
            assert growth < MAX_GROWTH_MB, f"{what} took {growth:.0f} MB: {message}"
            assert seconds < LONGEST_CPU_S / 4, f"{what} took {seconds:.1f} s of CPU: {message}"
            messages.append(message)
        return messages

    return measure


@pytest.fixture
def refused_cheaply(bounded_read):
    """`refused_cheaply([(reader, path), ...])` checks besides that each is refused; it returns the messages."""

    def measure(cases):
        messages = bounded_read(cases)
        for (reader, path), message in zip(cases, messages, strict=True):
            assert message, f"{path.name} was read as {reader}"
        return messages

    return measure
