import shutil

import numpy as np
import pytest
import torch
from mfps.data.augmentation import Augmentation
from mfps.data.dataset import FaceFolder, Tolerance, WantedPriors
from mfps.data.loader import make_loader
from mfps.data.sampling import FaceAddress
from mfps.drawn.faces import write_drawn_faces
from mfps.errors import MfpsError
from mfps.images.image import write_image
from torch.utils.data._utils.pin_memory import pin_memory

PRIORS = ("heatmap", "parsing")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_drawn_faces(folder, 7, 32, seed=0, val=2)
    return folder


def batches(drawn, batch_size, workers, epoch=0):
    folder = FaceFolder(drawn, 32, priors=PRIORS, seed=3)
    loader = make_loader(folder, None, batch_size, 5, False, workers)
    loader.sampler.set_epoch(epoch)
    return list(loader)


def joined(found):
    return {
        "degraded": torch.cat([batch.degraded for batch in found]),
        "clean": torch.cat([batch.clean for batch in found]),
        **{prior: torch.cat([batch.priors[prior] for batch in found]) for prior in PRIORS},
    }


def test_bytes_depend_on_neither_workers_nor_batches(drawn):
    expected = joined(batches(drawn, 3, 0))
    for batch_size, workers in ((1, 0), (2, 1), (3, 2)):
        again = joined(batches(drawn, batch_size, workers))
        assert all(torch.equal(again[key], expected[key]) for key in expected)


def test_shapes_ranges_and_order(drawn):
    (batch,) = batches(drawn, 7, 0)
    assert batch.degraded.shape == batch.clean.shape == (7, 3, 32, 32)
    assert batch.degraded.dtype == torch.float32
    assert 0 <= batch.degraded.min() < batch.degraded.max() <= 1
    assert list(batch.priors) == ["parsing", "heatmap"]
    assert {prior: tensor.shape[1] for prior, tensor in batch.priors.items()} == {"parsing": 19, "heatmap": 68}
    assert batch.names == tuple(sorted(batch.names))


def test_a_batch_in_pinned_memory_is_the_same_batch(drawn, monkeypatch):
    """As torch's loaders pin what they load for a GPU; without one, a copy stands in for the pinned tensor."""
    pinned = []

    def pin(tensor):
        pinned.append(tensor.clone())
        return pinned[-1]

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    (batch,) = batches(drawn, 7, 0)
    found = pin_memory(batch)
    assert type(found) is type(batch)
    assert (found.names, found.bad) == (batch.names, batch.bad)
    tensors = [found.degraded, found.clean, *found.priors.values()]
    assert {id(tensor) for tensor in tensors} == {id(tensor) for tensor in pinned}
    expected = joined([batch])
    assert all(torch.equal(tensor, expected[name]) for name, tensor in joined([found]).items())


def test_every_epoch_degrades_anew_but_reproducibly(drawn):
    first, second = joined(batches(drawn, 7, 0)), joined(batches(drawn, 7, 0, epoch=1))
    assert torch.equal(first["clean"], second["clean"])
    assert not torch.equal(first["degraded"], second["degraded"])
    folder = FaceFolder(drawn, 32, seed=3)
    assert np.array_equal(folder[1, 4].degraded, folder[1, 4].degraded)


@pytest.mark.parametrize("augmentation", [None, Augmentation(flip=True, prior_dropout=0.5)])
def test_a_face_is_the_same_whichever_others_are_in_the_data_set(drawn, augmentation):
    """Damage, mirroring and the priors left out depend on seed, epoch and name alone."""
    whole = FaceFolder(drawn, 32, priors=PRIORS, seed=3, augmentation=augmentation)
    for names in (whole.names[::-1], whole.names[1::2], whole.names[4:], [whole.names[5]]):
        part = FaceFolder(drawn, 32, names=names, priors=PRIORS, seed=3, augmentation=augmentation)
        for epoch in (0, 3):
            for i, name in enumerate(names):
                found, expected = part[epoch, i], whole[epoch, whole.names.index(name)]
                assert np.array_equal(found.degraded, expected.degraded)
                assert np.array_equal(found.clean, expected.clean)
                assert found.dropped == expected.dropped


def test_the_loader_leaves_the_global_generator_alone(drawn):
    before = torch.get_rng_state()
    batches(drawn, 2, 0)
    assert torch.equal(before, torch.get_rng_state())


def test_to_keeps_names_and_lays_channels_last(drawn):
    (batch,) = batches(drawn, 7, 0)
    moved = batch.to("cpu", channels_last=True)
    assert moved.names == batch.names
    assert moved.degraded.is_contiguous(memory_format=torch.channels_last)
    assert all(torch.equal(moved.priors[prior], tensor) for prior, tensor in batch.priors.items())


def test_degraded_rgb_comes_before_the_heatmaps(drawn):
    folder = FaceFolder(drawn, 32, priors=WantedPriors(("heatmap",), heatmap_rgb=True))
    (batch,) = make_loader(folder, None, 7, 0, False, 0)
    assert folder.prior_channels == {"heatmap": 71}
    assert torch.equal(batch.priors["heatmap"][:, :3], batch.degraded)


def test_lists_choose_faces(drawn):
    assert len(FaceFolder(drawn, 32, names="train.txt")) == 5
    assert FaceFolder(drawn, 32, names=drawn / "val.txt").names == ("0005.png", "0006.png")
    assert FaceFolder(drawn, 32, names=["0003.png"])[0, 0].name == "0003.png"


def test_folders_that_cannot_be_used(tmp_path, drawn):
    with pytest.raises(MfpsError, match="no such data folder"):
        FaceFolder(tmp_path / "none", 32)
    with pytest.raises(MfpsError, match="the folder is empty"):
        FaceFolder(tmp_path, 32)
    with pytest.raises(MfpsError, match="multiple of 8"):
        FaceFolder(drawn, 30)
    with pytest.raises(MfpsError, match=r"7 of 7 images are smaller than 40 pixels, first 0000.png \(32 x 32\)"):
        FaceFolder(drawn, 40)


def test_photographs_of_any_shape_become_square(tmp_path):
    write_image(tmp_path / "wide.png", np.full((40, 90, 3), 9, np.uint8))
    sample = FaceFolder(tmp_path, 16, degradation="none")[0, 0]
    assert sample.clean.shape == (16, 16, 3)
    assert np.array_equal(sample.clean, sample.degraded)


@pytest.fixture(scope="module")
def twelve(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "twelve"
    write_drawn_faces(folder, 12, 32, seed=0)
    return folder


@pytest.fixture
def damaged(twelve, tmp_path):
    """Twelve faces: no header in the third, no pixels in the fifth, no label map for the seventh."""
    shutil.copytree(twelve, tmp_path / "faces")
    images = tmp_path / "faces" / "images"
    (images / "0002.png").write_bytes(b"")
    (images / "0004.png").write_bytes((images / "0004.png").read_bytes()[:100])
    (tmp_path / "faces" / "priors" / "parsing" / "0006.png").write_bytes(b"x")
    return tmp_path / "faces"


def test_another_face_stands_in_for_one_that_cannot_be_read(damaged):
    folder = FaceFolder(damaged, 32, priors=("parsing",), tolerance=Tolerance(max_bad=0.3))
    assert folder.names == tuple(f"{number:04d}.png" for number in range(12))
    assert list(folder.bad) == ["0002.png"]
    for bad in (2, 4, 6):
        sample = folder[FaceAddress(0, bad, (2, 4, 7))]
        assert sample.name == "0007.png"
        assert sample.bad[0][0] == f"{bad:04d}.png"
        assert f"{bad:04d}.png: " in sample.bad[0][1]
        own = folder[0, 7]
        assert np.array_equal(sample.degraded, own.degraded)
        assert np.array_equal(sample.priors["parsing"], own.priors["parsing"])


def test_the_faces_that_can_be_read_do_not_change_when_others_cannot(damaged, twelve):
    folder, whole = (
        FaceFolder(root, 32, priors=PRIORS, tolerance=Tolerance(max_bad=0.3)) for root in (damaged, twelve)
    )
    for index in (1, 3, 7, 11):
        one, other = folder[1, index], whole[1, index]
        assert np.array_equal(one.degraded, other.degraded)
        assert all(np.array_equal(one.priors[prior], other.priors[prior]) for prior in PRIORS)


def test_without_a_readable_spare_it_is_an_error(damaged, refused):
    folder = FaceFolder(damaged, 32, tolerance=Tolerance(max_bad=0.3))
    with refused("0002.png: .*and the next 1 faces cannot be read either"):
        folder[FaceAddress(0, 2, (4,))]
    with refused("0004.png: the image is damaged"):
        folder[0, 4]


def test_too_many_bad_headers_are_refused(damaged, refused):
    for share in (0.0, 0.08):
        with refused("0002.png: "):
            FaceFolder(damaged, 32, tolerance=Tolerance(share))


def test_a_missing_folder_is_distinguished_from_a_bad_face(damaged, tmp_path, refused):
    folder = FaceFolder(damaged, 32, tolerance=Tolerance(max_bad=0.3))
    damaged.rename(tmp_path / "elsewhere")
    with refused("images: the data folder is gone"):
        folder[FaceAddress(0, 0, (1, 2))]
