import os
import signal
import sys
from contextlib import ExitStack

import pytest
from mfps.engine.run_lock import LOCK, run_lock

from ..processes import started

HOLD = """
import os, sys
from pathlib import Path
from mfps.engine.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
FORK = HOLD.replace("    print", "    os.fork()\n    print")


@pytest.fixture
def owner(tmp_path):
    """Start a process that holds the lock of `tmp_path`, and wait until it and its child, if any, are running."""
    with ExitStack() as stack:

        def start(script):
            process = stack.enter_context(started(sys.executable, "-c", script, tmp_path, folder=tmp_path))
            process.wait_for(lambda: process.out.count("held") == (2 if script == FORK else 1))
            return process

        yield start


def test_a_lock_ends_with_its_block(tmp_path):
    for _ in range(2):
        with run_lock(tmp_path):
            assert (tmp_path / LOCK).is_file()
        assert not list(tmp_path.iterdir())


def test_another_process_is_kept_out_and_named(tmp_path, owner, refused):
    process = owner(HOLD)
    with refused(f"process {process.pid} on .* is working in it; wait until it ends"), run_lock(tmp_path):
        pytest.fail("two owners")
    assert (tmp_path / LOCK).is_file()


@pytest.mark.parametrize("script", [HOLD, FORK])
def test_a_stale_lock_locks_nothing(tmp_path, owner, script):
    """Even if a forked child of the killed owner is still alive."""
    process = owner(script)
    os.kill(process.pid, signal.SIGKILL)
    process.end()
    assert (tmp_path / LOCK).is_file()
    with run_lock(tmp_path):
        pass


def test_whatever_the_file_contains_the_error_is_one_line(tmp_path, owner, refused):
    owner(HOLD)
    (tmp_path / LOCK).write_text('{"host": ["\\n"], "process": "x"}')
    with refused("another process is working in it"), run_lock(tmp_path):
        pytest.fail("two owners")
