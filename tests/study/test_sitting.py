"""Sittings of jobs: a command's process, and what it cost."""

import sys
import threading
import time

import pytest
from mfps.study.job_folder import LOG, JobFolder
from mfps.study.jobs import JOBS, Job
from mfps.study.sitting import sit

from ..processes import started

CONTENT = {"recipe": {}, "judge": {}, "data": {}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """`folder(program)`: a job whose command is a Python program."""

    def make(program):
        package = tmp_path / "path" / "mfps"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(program)
        monkeypatch.setenv("PYTHONPATH", str(package.parent))
        made = JobFolder(tmp_path / JOBS / "a/job", Job("a/job", "training", "arm", 0, "retrain", {}))
        made.prepare({}, CONTENT)
        return made

    return make


def never():
    return 0


def test_what_a_command_prints_and_costs_is_added_up(folder):
    job = folder("import time\nfor _ in range(2): print('hello')\nwhile time.process_time() < 0.3: pass")
    for _ in range(2):
        sit(job, 1, never)
    assert (job.path / LOG).read_text().count("hello") == 4
    assert [sitting.status for sitting in job.sittings()] == [0, 0]
    assert all(0.3 <= sitting.cpu_seconds <= 5 for sitting in job.sittings())
    assert job.study == job.path.parents[2]


def test_the_processes_that_a_command_starts_count_too(folder):
    child = "import time\nwhile time.process_time() < 0.3: pass"
    sitting = sit(folder(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"), 1, never)
    assert sitting is not None
    assert sitting.cpu_seconds >= 0.3


@pytest.mark.parametrize(
    ("program", "status", "error"),
    [
        ("raise SystemExit('no faces')", 1, "no faces"),
        ("import os; os.kill(os.getpid(), 9)", -9, "killed by SIGKILL"),
        ("raise SystemExit(143)", 143, None),
        ("pass", 0, "ended well, but"),
    ],
)
def test_how_a_command_ended_is_recorded(folder, program, status, error):
    job = folder(program)
    sitting = sit(job, 1, never)
    assert sitting is not None
    assert sitting.status == status
    assert not job.done
    assert job.error is None if error is None else error in (job.error or "")


def test_a_command_is_asked_to_stop_once_for_each_request(folder):
    program = (
        "import signal, sys, time\n"
        "asked = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: asked.append(1))\n"
        "print('ready', flush=True)\n"
        "while len(asked) < 2: time.sleep(0.01)\n"
        "sys.exit(143)"
    )
    job = folder(program)

    def stops():
        return 2 if (job.path / LOG).exists() and "ready" in (job.path / LOG).read_text() else 0

    sitting = sit(job, 1, stops)
    assert sitting is not None
    assert sitting.status == 143
    assert job.error is None


def test_a_job_waits_for_an_earlier_process_in_its_folder(folder, tmp_path):
    job = folder("pass")
    job.run.mkdir()
    said = []
    program = (
        "import fcntl, os, sys, time\n"
        f"descriptor = os.open({str(job.run / 'run.lock')!r}, os.O_RDWR | os.O_CREAT)\n"
        "fcntl.lockf(descriptor, fcntl.LOCK_EX)\nprint('locked', flush=True)\ninput()"
    )
    with started(sys.executable, "-c", program, folder=tmp_path) as process:
        process.wait_for(lambda: "locked" in process.out)
        thread = threading.Thread(target=sit, args=(job, 1, never, said.append))
        thread.start()
        while not said:
            time.sleep(0.01)
        assert not job.sittings()
        process.tell("")
        thread.join()
    assert said == ["waits     a/job: a process of an earlier sitting still works in it"]
    assert len(job.sittings()) == 1


def test_what_is_stopped_before_it_begins_costs_nothing(folder):
    job = folder("pass")
    assert sit(job, 1, lambda: 1) is None
    assert not job.sittings()
