"""Processes that tests start, each at the head of its own group, which is killed when its block ends.

The tests have one limit in seconds, `HANG_S`; it only ends what hangs.
"""

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import pytest

HANG_S = 600
"""A test phase that takes longer hangs, however busy the machine. Each process that it starts resets the count."""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


class Started:
    """A process that runs; made by `started`. Its output goes to files, so that nothing ever waits for a reader."""

    def __init__(self, command: list[str | Path], folder: Path, environment: dict[str, str]) -> None:
        self._out, self._err = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed by `kill`
        signal.alarm(HANG_S)
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **environment},
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )
        self.pid = self.process.pid

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return _content(self._out)

    @property
    def err(self) -> str:
        """What it has written to standard error so far."""
        return _content(self._err)

    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def tell(self, line: str) -> None:
        """Write a line to its standard input, which stays open until `kill`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened; fail if the process ends first."""
        while not happened():
            if not self.running() and not happened():
                pytest.fail(f"ended with status {self.process.returncode} before it happened:\n{self.out}{self.err}")
            time.sleep(0.002)

    def end(self) -> Ended:
        """Wait for its end."""
        return Ended(self.process.wait(), self.out, self.err)

    def kill(self) -> None:
        """End it and all that it started, unless they have ended."""
        with suppress(ProcessLookupError, PermissionError):  # the latter on macOS, if the whole group are zombies
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self._out.close()
        self._err.close()


def _content(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode()  # leaves the writer's position alone


@contextmanager
def started(*command: str | Path, folder: Path, **environment: str) -> Iterator[Started]:
    """Start a process in a folder, on one thread, and kill it with its group however the block ends."""
    process = Started([*command], folder, environment)
    try:
        yield process
    finally:
        process.kill()


def run_process(*command: str | Path, folder: Path, **environment: str) -> Ended:
    """Run a process in a folder until it ends."""
    with started(*command, folder=folder, **environment) as process:
        return process.end()


CHANGES = ("link", "unlink", "rename", "replace", "mkdir", "rmdir", "fsync")
"""Functions of `os` with which Python changes files and folders."""
DIED = 77


def dies_at(number: int, act: Callable[[], None]) -> bool:
    """Run a function in a forked process that dies before its call number `number` of `CHANGES`; whether it did."""
    child = os.fork()
    if not child:
        calls = itertools.count(1)

        def dying(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                if next(calls) == number:
                    os._exit(DIED)
                return real(*arguments, **options)

            return call

        for name in CHANGES:
            setattr(os, name, dying(getattr(os, name)))
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, DIED)
    return status == DIED


@contextmanager
def hang_guard() -> Iterator[None]:
    """Fail what takes longer than `HANG_S`, wherever it waits."""

    def hangs(*_: object) -> None:
        pytest.fail(f"nothing happened in {HANG_S} s")

    before = signal.signal(signal.SIGALRM, hangs)
    try:
        signal.alarm(HANG_S)
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
