"""A command in a forked process, in which the system fails at one call or a signal comes there.

The commands are those of the installed `mfps`, from its `main` on. The calls are counted and struck by `fault_shim.c`,
which must be preloaded.
"""

import ctypes
import errno
import mmap
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NamedTuple

from mfps.cli.main import main


class Fault(NamedTuple):
    """What happens, and at which of the calls that concern the folder."""

    at: int = 0
    error: int = 0
    signal: int = 0
    on: bool = False
    """Whether every later change fails too, as on a full disk."""
    after: bool = False
    """Whether the signal comes after the call."""

    @property
    def kind(self) -> str:
        """`ENOSPC` or `SIGTERM`."""
        return signal.Signals(self.signal).name if self.signal else errno.errorcode[self.error]

    def __str__(self) -> str:
        return f"{self.kind} {'after' if self.after else 'from' if self.on else 'at'} call {self.at}"


class Note(ctypes.Structure):
    """The note of fault_shim.c."""

    _fields_ = (("changes", ctypes.c_long), ("errors", ctypes.c_long), ("struck", ctypes.c_char * 300))


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    """Negative for a signal."""
    err: str
    struck: str
    """The call that failed, and its path; empty if there was none."""


def run(command: str, folder: Path, fault: Fault | None = None) -> Ended:
    """Run a command in a forked process, in that folder, with that fault."""
    note = Note.from_buffer(mmap.mmap(-1, mmap.PAGESIZE))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            _act(command, folder, fault or Fault(), note, (out.fileno(), err.fileno()))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        err.seek(0)
        return Ended(status, err.read().decode(), note.struck.decode())


def arm(folder: Path, fault: Fault, note: Note | None) -> None:
    """Count the calls of this process that concern a folder, and fail as said; without a note do neither."""
    place, shared = os.fsencode(os.path.realpath(folder)), None if note is None else ctypes.byref(note)
    rest = (fault.error, fault.signal, int(fault.on), int(fault.after))
    ctypes.CDLL(None).fault_arm(place, ctypes.c_long(fault.at), *rest, shared)


def _act(command: str, folder: Path, fault: Fault, note: Note, streams: tuple[int, int]) -> None:
    """The forked process, to its end."""
    status = 1
    try:
        for number, stream in enumerate(streams, start=1):
            os.dup2(stream, number)
        sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w", encoding="utf-8") for number in (1, 2))
        os.chdir(folder)
        sys.argv = ["mfps", *command.split()]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        arm(folder, fault, note)
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        arm(folder, Fault(), None)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
