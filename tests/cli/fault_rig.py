"""Make commands fail at random calls to the system, look at what they leave, and give them again.

    LD_PRELOAD=fault_shim.so python -m mfps.tests.cli.fault_rig FAILURES SEED [COMMAND ...]

Prints a line of JSON for every failure after which something is wrong, and the counts last.
"""

import errno
import gc
import itertools
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import torch

from .conftest import inside, run_command
from .fault_commands import COMMANDS, Command, shrink, write_world
from .fault_process import Ended, Fault, Note, arm, run

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EINTR)
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
ASKED_TO_END = {128 + signal.SIGINT, 128 + signal.SIGTERM}
PARTIAL = re.compile(r"(^|/)\.[^/]+\.\d+\.part(/|$)")
"""What is hidden until it is whole."""

Tree = dict[str, bytes | str | None]
"""By path: a file's content, where a link leads, or None for a folder."""


def tree(folder: Path) -> Tree:
    """Everything below a folder."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        link = str(path.readlink()) if path.is_symlink() else None
        found[str(path.relative_to(folder))] = path.read_bytes() if not link and path.is_file() else link
    return found


class Rig:
    """Undisturbed commands to compare with, and a folder for each attempt.

    Args:
        scratch: an empty folder.
    """

    def __init__(self, scratch: Path) -> None:
        self.template, self.world = scratch / "template", scratch / "world"
        self.template.mkdir()
        with inside(self.template):
            write_world(self.template, run_command)
        self.whole: dict[str, Tree] = {}
        self.calls: dict[str, Note] = {}

    def undisturbed(self, command: Command) -> None:
        """Run a command in this process, to count its calls; the libraries that it imports are there from now on."""
        self._fresh(command)
        note = self.calls[command.text] = Note()
        arm(self.world, Fault(), note)
        with inside(self.world):
            ended = run_command(command.text)
        arm(self.world, Fault(), None)
        assert (ended.status, ended.err) == (0, ""), (command.text, ended)
        self.whole[command.text] = self._made()

    def attempt(self, command: Command, fault: Fault) -> tuple[Ended, list[str]]:
        """Make a command fail, then give it again; returns how it failed and everything that is wrong."""
        self._fresh(command)
        whole = self.whole[command.text]
        failed = run(command.text, self.world, fault)
        made = self._made()
        is_whole = not _difference(command, {path: made[path] for path in made if not PARTIAL.search(path)}, whole)
        dropped = failed.status == 0 and command.may_leave_out(failed.struck)
        wrong = [*_spoken(command, failed, fault), *self._changed()]
        if not dropped:
            wrong += _half(command, made, whole)
        if failed.status == 0 and not is_whole and not dropped:
            wrong.append(f"status 0, but {_difference(command, made, whole)}")
        if command.all_or_nothing and failed.status in {1, *ASKED_TO_END} and made and not is_whole:
            wrong.append(f"it ended by itself and left {', '.join(list(made)[:4])}")

        again = run(command.text, self.world)
        wrong += self._changed()
        if difference := _difference(command, self._made(), whole):
            wrong.append(f"given again: {difference}")
        if again.status and not (again.status == 1 and is_whole and _one_line(again.err)):
            wrong.append(f"given again: status {again.status}, {again.err.strip()[-300:]!r}")
        return failed, [*dict.fromkeys(wrong)]

    def _fresh(self, command: Command) -> None:
        if self.world.exists():
            shutil.rmtree(self.world)
        shutil.copytree(self.template, self.world, symlinks=True)
        for folder in command.folders:
            (self.world / folder).mkdir(parents=True)
        self._start = {path: content for path, content in tree(self.world).items() if not command.replaces(path)}

    def _made(self) -> Tree:
        """What is there besides what was there."""
        return {path: content for path, content in tree(self.world).items() if path not in self._start}

    def _changed(self) -> list[str]:
        now = tree(self.world)
        return [f"{path} was changed or is gone" for path, was in self._start.items() if now.get(path, 0) != was]


def _spoken(command: Command, ended: Ended, fault: Fault) -> Iterator[str]:
    """What is wrong with the status and the line."""
    statuses = {0, 1}
    if fault.signal:
        statuses = {-fault.signal} if fault.signal == signal.SIGKILL else {128 + fault.signal}
        statuses |= {0} if command.catches and fault.signal != signal.SIGKILL else set()
    if ended.status not in statuses:
        yield f"status {ended.status}, {ended.err.strip()[-300:]!r}"
    elif ended.status > 0 and not _one_line(ended.err):
        yield f"not one line: {ended.err[-600:]!r}"
    elif ended.status <= 0 and ended.err:
        yield f"status {ended.status}, but it says {ended.err[-300:]!r}"


def _half(command: Command, made: Tree, whole: Tree) -> Iterator[str]:
    """Files that have their name and not their content."""
    for path, content in made.items():
        hidden = any(part.startswith(".") for part in path.split("/"))
        if not hidden and not command.may_grow(path) and content != whole.get(path, 0):
            yield f"{path} is there and not whole"


def _one_line(err: str) -> bool:
    return err.count("\n") == 1 and err.startswith("mfps: ") and len(err) < 600 and ".part" not in err


def _difference(command: Command, made: Tree, whole: Tree) -> str:
    """The first difference from what the undisturbed command made; empty if there is none."""
    for path in {**whole, **made}:
        if not command.varies_in(path) and made.get(path, 0) != whole.get(path, 0):
            return f"{path} {'is missing' if path not in made else 'is too much' if path not in whole else 'differs'}"
    return ""


def random_fault(rng: random.Random, calls: Note) -> Fault:
    """A fault of a command with so many calls."""
    if rng.random() < 0.4:
        signum = int(rng.choice(SIGNALS))
        return Fault(rng.randint(1, calls.changes), signal=signum, after=rng.random() < 0.5)
    error = rng.choice(ERRORS)
    return Fault(rng.randint(1, calls.errors), error=error, on=error != errno.EINTR and rng.random() < 0.5)


def torture(failures: int, seed: int, chosen: list[str]) -> int:
    """Make commands fail so often, and print what is wrong and the counts; returns how often something was wrong."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)  # a forked process would wait for threads that it does not have
    rng = random.Random(seed)
    toll: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch, shrink():
        rig = Rig(Path(os.path.realpath(scratch)))
        commands = {name: COMMANDS[name] for name in chosen or COMMANDS}
        for command in commands.values():
            rig.undisturbed(command)
        gc.freeze()  # what is shared with the forked processes stays so
        for _ in itertools.takewhile(lambda _: toll["failures"] < failures, range(3 * failures)):
            (name,) = rng.choices(list(commands), [command.weight for command in commands.values()])
            fault = random_fault(rng, rig.calls[commands[name].text])
            ended, wrong = rig.attempt(commands[name], fault)
            if wrong:
                said = {"command": name, "fault": str(fault), "call": ended.struck, "status": ended.status}
                print(json.dumps({**said, "err": ended.err[-300:], "wrong": wrong}), flush=True)  # noqa: T201
            call = ended.struck.split(" ")[0]
            if ended.struck:
                toll.update(("failures", fault.kind, f"command {name}", f"call {call}", f"status {ended.status}"))
            toll["wrong"] += bool(wrong)
    print(json.dumps(dict(sorted(toll.items()))))  # noqa: T201
    return toll["wrong"]


if __name__ == "__main__":
    sys.exit(bool(torture(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))
