"""A tiny study: drawn faces of 16 pixels, one-step trainings."""

import io
import threading
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest
import torch
from mfps.bench.worker import _Measured
from mfps.cli.main import app
from mfps.drawn.faces import write_drawn_faces
from mfps.errors import MfpsError
from mfps.study.job_folder import LOG, OPTIONS, Sitting

from ..inference.conftest import drawn_genotype

__all__ = ["drawn_genotype"]

PLAN = """
name: tiny
recipe: {preset: tiny, data: faces, list: train.txt, val_list: val.txt, size: 16, degradation: noise, blocks: 1,
  epochs: 2, epoch_steps: 1, batch_size: 2, perceptual: 0, layout: contiguous, rates: [1.0e-3, 1.0e-6]}
judge: {list: [test.txt], degradation: [noise], layout: contiguous}
search: {preset: tiny, space: wide, strategy: single-path, width: 2, layers: 1, data: faces, list: train.txt,
  val_list: val.txt, select_list: sel.txt, size: 16, degradation: noise, blocks: 1, epochs: 1, epoch_steps: 1,
  warmup_epochs: 0, batch_size: 2, generations: 1, population: 2, norm_batches: 1, layout: contiguous}
arms:
"""
"""But for its arms."""


@pytest.fixture(scope="session")
def study_faces(tmp_path_factory):
    """A folder of twelve drawn faces with four lists. Read only."""
    folder = tmp_path_factory.mktemp("study")
    write_drawn_faces(folder / "faces", 12, 16, seed=0)
    names = [f"{number:04d}.png\n" for number in range(12)]
    for number, name in enumerate(("val", "sel", "test")):
        (folder / f"{name}.txt").write_text("".join(names[2 * number : 2 * number + 2]))
    (folder / "train.txt").write_text("".join(names[6:]))
    return folder


@pytest.fixture
def plan_file(study_faces):
    """`plan_file(arms, {old: new})`: the file of a plan with some arms, with texts in it replaced."""
    written = []

    def write(arms, replaced=()):
        text = PLAN + "".join(f"  {name}: {{{arm}}}\n" for name, arm in arms.items())
        for old, new in dict(replaced).items():
            assert old in text
            text = text.replace(old, new)
        written.append(study_faces / f"plan{len(written)}.yaml")
        written[-1].write_text(text)
        return written[-1]

    return write


ONE = threading.Lock()
"""As the output of this process goes to one job at a time."""


def sit_here(folder, threads, stops, say=None):
    """As `sit`, but in this process, which has loaded everything; of jobs that run at a time, one after the other."""
    with ONE:
        return _sit_here(folder)


def _sit_here(folder):
    began, status = time.monotonic(), 0
    with (folder.path / LOG).open("a") as log, redirect_stdout(log), redirect_stderr(io.StringIO()):
        try:
            app([folder.job.command, "--config", str(folder.path / OPTIONS)], standalone_mode=False)
        except MfpsError as error:
            log.write(f"mfps: {error}\n")
            status = 1
    sitting = Sitting(cpu_seconds=1.0, wall_seconds=time.monotonic() - began, status=status)
    folder.add_sitting(sitting)
    return sitting


class MeasuredHere(_Measured):
    """What a benchmark's process measures, in this one."""

    def __init__(self, way):
        super().__init__(way)
        self.way = way


@contextmanager
def worker_here(way):
    threads = torch.get_num_threads()
    try:
        yield MeasuredHere(way)
    finally:
        torch.set_num_threads(threads)


@pytest.fixture
def here(monkeypatch):
    """Jobs run in the test's process, measure briefly and draw nothing, which saves seconds for each."""
    monkeypatch.setattr("mfps.bench.measure.bench_png", lambda _: b"")
    monkeypatch.setattr("mfps.bench.measure.worker", worker_here)
    monkeypatch.setattr("mfps.bench.worker.SHORTEST_TURN_SECONDS", 0.01)
    monkeypatch.setattr("mfps.bench.runner.convolution_rate", lambda *_: 1e9)
    for module in ("retrain.train", "nas.search_files", "nas.selection.front_files"):
        monkeypatch.setattr(f"mfps.{module}.draw_genotype", lambda *_, **__: None)
    for module in ("nas.search", "nas.selection.stage"):
        monkeypatch.setattr(f"mfps.{module}.write_report", lambda *_: None)
    monkeypatch.setattr("mfps.study.workers.sit", sit_here)
