import multiprocessing
import os
import signal

import pytest
import torch
from mfps.data.dataset import FaceFolder
from mfps.data.loader import make_loader, make_training_loader, shut_down_workers, steps_of, training_steps
from mfps.data.sampling import BatchShare
from mfps.drawn.faces import write_drawn_faces


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn")
    write_drawn_faces(root, 7, 16, seed=0)
    return FaceFolder(root, 16)


def names(steps):
    return [[name for piece in pieces for name in piece.names] for pieces in steps]


def test_persistent_workers_follow_the_epoch(folder):
    there, here = (make_training_loader(folder, None, 2, 0, workers) for workers in (1, 0))
    with shut_down_workers(there):
        orders = [names(training_steps(there, epoch, 0)) for epoch in (0, 1)]
    assert orders == [names(training_steps(here, epoch, 0)) for epoch in (0, 1)]
    assert orders[0] != orders[1]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("start", [0, 1, 2])
def test_an_epoch_continues_where_it_stopped(folder, workers, start):
    loader = make_training_loader(folder, None, 2, 0, workers)
    assert steps_of(loader) == 3
    whole = [batch.degraded for (batch,) in training_steps(make_training_loader(folder, None, 2, 0, 0), 1, 0)]
    with shut_down_workers(loader):
        rest = [batch.degraded for (batch,) in training_steps(loader, 1, start)]
    assert len(rest) == 3 - start
    assert all(torch.equal(one, other) for one, other in zip(rest, whole[start:], strict=True))


def test_a_step_has_its_pieces(folder):
    whole = names(training_steps(make_training_loader(folder, None, 4, 0, 0), 0, 0))
    cut = [
        list(training_steps(make_training_loader(folder, None, 4, 0, 0, BatchShare(rank, 2, 2)), 0, 0))
        for rank in (0, 1)
    ]
    assert [len(pieces) for part in cut for pieces in part] == [2, 2]
    joined = [cut[rank][0][piece].names[0] for piece in (0, 1) for rank in (0, 1)]
    assert [joined] == whole


def test_a_batch_must_be_full(folder, refused):
    with refused("7 faces do not fill a batch of 8; take a smaller batch"):
        make_training_loader(folder, None, 8, 0, 0)
    with refused("there are no faces"):
        make_loader(folder, [], 8, 0, False, 0)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_workers_outlive_a_signal_and_end_with_the_block(folder, signum):
    loader = make_training_loader(folder, None, 1, 0, 1)
    with shut_down_workers(loader):
        steps = training_steps(loader, 0, 0)
        next(steps)
        (worker,) = multiprocessing.active_children()
        os.kill(worker.pid, signum)
        assert len(list(steps)) == 6
        assert worker.is_alive()
    assert not worker.is_alive()
