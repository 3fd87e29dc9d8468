"""The law that every reader is held to, and the clock that ends a test which hangs."""

import json
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from mfps.errors import MfpsError, printable

from .readers import READERS

LONGEST_S = 20
"""Seconds that a test may take. The slowest takes some five."""

MAX_GROWTH_MB = 200
"""Memory that a refused file may take."""


@pytest.fixture(autouse=True)
def clock():
    def too_late(*_):
        raise TimeoutError(f"a reader took more than {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(LONGEST_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


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
def judged(capfd):
    """`judged(reader, path)` holds a reader to the law, and gives its message; "" where the file was read."""

    def judge(reader, path, read=None):
        message = held_to_the_law(reader, path, read)
        assert capfd.readouterr() == ("", "")
        return message

    return judge


@pytest.fixture(scope="session")
def measuring_process():
    """A process that reads what it is told to, and measures itself; see `measured_reads.py`."""
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("measured_reads.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture
def bounded_read(measuring_process):
    """`bounded_read([(reader, path), ...])` reads files, and checks that none takes much memory or time, or writes to
    stderr; it gives the messages.
    """

    def measure(cases):
        messages = []
        for reader, path in cases:
            measuring_process.stdin.write(json.dumps([reader, str(path)]) + "\n")
            measuring_process.stdin.flush()
            line = measuring_process.stdout.readline()
            assert line.startswith("["), f"{path.name} as {reader}: {line}"
            message, growth, seconds = json.loads(line)
            assert growth < MAX_GROWTH_MB, f"{path.name} as {reader} took {growth:.0f} MB: {message}"
            assert seconds < LONGEST_S / 4, f"{path.name} as {reader} took {seconds:.1f} s: {message}"
            messages.append(message)
        return messages

    return measure


@pytest.fixture
def refused_cheaply(bounded_read):
    """`refused_cheaply([(reader, path), ...])` checks besides that each is refused; it gives the messages."""

    def measure(cases):
        messages = bounded_read(cases)
        for (reader, path), message in zip(cases, messages, strict=True):
            assert message, f"{path.name} was read as {reader}"
        return messages

    return measure
