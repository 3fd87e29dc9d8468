"""A sitting of a job: its command as a process of its own, from its start to its end, with what that cost."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ..engine.run_lock import LOCK
from .job_folder import LOG, OPTIONS, JobFolder, Sitting

SECONDS_BETWEEN_LOOKS = 0.1
"""At the process, at what stops it, and at a folder in which another process works."""


def sit(
    folder: JobFolder, threads: int, stops: Callable[[], int], say: Callable[[str], None] | None = None
) -> Sitting | None:
    """Run the command of a job to its end, and record what it cost.

    Its output is added to the log. Signals of the terminal do not reach it: who stops the study stops its jobs.

    Args:
        folder: of the job, which has been prepared.
        threads: for the libraries that compute; OMP_NUM_THREADS, where it is set, comes first.
        stops: says how often it was asked to stop: once lets it save, and twice ends it at once.
        say: told if the job waits for an earlier process that still works in its folder.

    Returns:
        The sitting; None if it was stopped before it began.
    """
    waiting = False
    while not stops() and any(map(_at_work, _worked_in(folder))):
        if not waiting and say is not None:
            say(f"waits     {folder.job.name}: a process of an earlier sitting still works in it")
        waiting = True
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if stops():
        return None
    began = time.monotonic()
    environment = {"OMP_NUM_THREADS": str(threads), "COLUMNS": "200", **os.environ}
    command = [sys.executable, "-m", "mfps", folder.job.command, "--config", str(folder.path / OPTIONS)]
    with (folder.path / LOG).open("ab") as log:
        log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: mfps {folder.job.command}\n".encode())
        log.flush()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        _wait(process.pid, stops)
    except BaseException:  # a cluster takes the machine back
        os.kill(process.pid, signal.SIGTERM)
        raise
    finally:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # it was waited for, which subprocess cannot know
        wall, cpu = time.monotonic() - began, used.ru_utime + used.ru_stime
        sitting = Sitting(cpu_seconds=round(cpu, 2), wall_seconds=round(wall, 2), status=process.returncode)
        folder.add_sitting(sitting)
    return sitting


def _wait(process: int, stops: Callable[[], int]) -> None:
    """Wait until a process has ended, and leave it to be asked what it used."""
    sent = 0
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if stops() > sent:
            os.kill(process, signal.SIGTERM)
            sent += 1
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _worked_in(folder: JobFolder) -> list[Path]:
    """The run folders that a job's command locks: its own, or that of the search on which it selects."""
    return [folder.run, *([folder.study / str(run)] if (run := folder.job.options.get("run")) else [])]


def _at_work(run: Path) -> bool:
    """Whether a process works in a run folder; one of a study that was killed may go on for a while."""
    try:
        descriptor = os.open(run / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
