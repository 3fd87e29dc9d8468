"""Kept batches are those of a loader, as often as they are gone through, and are known by their content."""

import pytest
import torch
from mfps.data.dataset import FaceFolder
from mfps.data.kept_batches import KeptBatches
from mfps.data.loader import make_loader
from mfps.data.sampling import FaceAddress


def kept(folder, order, size=3, epoch=0):
    return KeptBatches(folder, [FaceAddress(epoch, index) for index in order], size)


@pytest.fixture
def folder(drawn_folder):
    return FaceFolder(drawn_folder, 16, priors=("parsing", "heatmap"))


def test_they_are_the_batches_of_a_loader_again_and_again(folder):
    found = kept(folder, range(8))
    for _ in range(2):
        for a, b in zip(found, make_loader(folder, None, 3, 0, shuffle=False, workers=0), strict=True):
            assert a.names == b.names
            assert torch.equal(a.degraded, b.degraded)
            assert torch.equal(a.clean, b.clean)
            assert all(torch.equal(a.priors[name], b.priors[name]) for name in b.priors)
    assert found.names == folder.names


def test_the_digest_is_that_of_all_they_are_made_of(folder, drawn_folder):
    same = {kept(folder, range(8)).sha256, kept(folder, range(8)).sha256}
    others = [
        kept(folder, range(7)),
        kept(folder, range(8), size=4),
        kept(folder, [1, 0, *range(2, 8)]),
        kept(folder, range(8), epoch=1),
        kept(FaceFolder(drawn_folder, 16, priors=("parsing",)), range(8)),
        kept(FaceFolder(drawn_folder, 16, priors=("parsing", "heatmap"), degradation="noise"), range(8)),
    ]
    assert len(same) == 1
    assert len(same | {other.sha256 for other in others}) == 7
