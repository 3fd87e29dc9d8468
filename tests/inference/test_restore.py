import shutil

import numpy as np
import pytest
import torch
from mfps.data.dataset import FaceFolder
from mfps.data.loader import make_loader
from mfps.errors import MfpsError
from mfps.files.config_model import fill
from mfps.images.image import fit_square, read_image, write_image
from mfps.images.tensors import images_to_tensor, to_uint8
from mfps.inference.config import RestoreConfig
from mfps.inference.restore import restore


def restored(weights, source, out, console, **options):
    return restore(fill(RestoreConfig, {"weights": weights, "source": source, "out": out, **options}), console)


@pytest.fixture
def weights(write_weights, tmp_path):
    """Weights of an FRSNet, or of a network with priors, at 16 pixels."""

    def make(*priors, iterations=2):
        file = tmp_path / f"{'-'.join(priors) or 'none'}.safetensors"
        return file, write_weights(file, priors, iterations=iterations, size=16)

    return make


@torch.no_grad()
def test_a_folder_is_restored_face_by_face_as_the_network_does(weights, drawn_folder, tmp_path, console):
    file, network = weights()
    done = restored(file, drawn_folder, tmp_path / "out", console, batch_size=3, device="cpu")
    assert (len(done.files), done.size, done.iterations, done.left_out, done.fit) == (8, 16, 2, (), "")
    assert sorted((tmp_path / "out").rglob("*.png")) == sorted(done.files)
    for file in done.files:
        degraded = read_image(drawn_folder / "images" / file.name)
        expected = to_uint8(network(images_to_tensor([degraded]))[-1].numpy())[0]
        np.testing.assert_allclose(read_image(file).astype(int), expected, atol=1)


@torch.no_grad()
def test_priors_beside_the_photographs_are_used(weights, drawn_folder, tmp_path, console):
    file, network = weights("parsing", "heatmap")
    done = restored(file, drawn_folder, tmp_path / "out", console, device="cpu")
    assert (done.iterations, done.left_out) == (2, ())
    faces = FaceFolder(drawn_folder, 16, "full", None, ("parsing", "heatmap"))
    for batch in make_loader(faces, None, 8, 0, shuffle=False, workers=0):
        expected = to_uint8(network(batch.clean, batch.priors)[-1].numpy())
        for name, picture in zip(batch.names, expected, strict=True):
            np.testing.assert_allclose(read_image(tmp_path / "out" / name).astype(int), picture, atol=1)


@torch.no_grad()
def test_without_priors_it_stops_after_iteration_0(weights, drawn_folder, tmp_path, console):
    file, network = weights("heatmap")
    shutil.copytree(drawn_folder / "images", tmp_path / "bare")
    done = restored(file, tmp_path / "bare", tmp_path / "out", console, device="cpu")
    assert (done.iterations, done.left_out) == (1, ("heatmap",))
    degraded = read_image(tmp_path / "bare" / "0003.png")
    expected = to_uint8(network(images_to_tensor([degraded]), iterations=1)[0].numpy())[0]
    np.testing.assert_allclose(read_image(tmp_path / "out" / "0003.png").astype(int), expected, atol=1)
    done = restored(file, drawn_folder, tmp_path / "once", console, iterations=1, device="cpu")
    assert (done.iterations, done.left_out) == (1, ())
    assert (tmp_path / "once" / "0003.png").read_bytes() == (tmp_path / "out" / "0003.png").read_bytes()


@pytest.mark.parametrize("extent", [(16, 16), (9, 9), (40, 40), (24, 16), (7, 30)], ids=str)
def test_one_photograph_of_any_size(weights, tmp_path, console, extent):
    file, _ = weights()
    height, width = extent
    photograph = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    write_image(tmp_path / "face.png", photograph)
    done = restored(file, tmp_path / "face.png", tmp_path / "out", console, size=24, device="cpu")
    assert done.files == (tmp_path / "out" / "face.png",)
    assert ("not square" in done.fit) == (height != width)
    assert ("shrunk" in done.fit, "enlarged" in done.fit) == (min(extent) > 24, min(extent) < 24)
    assert read_image(done.files[0]).shape == (24, 24, 3)


def test_an_enlarged_face_is_the_picture_enlarged():
    grey = np.full((5, 9, 3), 77, np.uint8)
    enlarged, fit = fit_square(grey, 16, enlarge=True)
    assert enlarged.shape == (16, 16, 3)
    assert (enlarged == 77).all()
    assert (fit.scale, fit.dx, fit.dy) == (16 / 5, 2, 0)
    with pytest.raises(MfpsError, match="at least 16 x 16"):
        fit_square(grey, 16)


def test_folders_below_the_folder_keep_their_names(weights, drawn_folder, tmp_path, console):
    file, _ = weights()
    (tmp_path / "in" / "deep").mkdir(parents=True)
    shutil.copy(drawn_folder / "images" / "0000.png", tmp_path / "in" / "deep" / "a b.PNG")
    done = restored(file, tmp_path / "in", tmp_path / "out", console, device="cpu")
    assert done.files == (tmp_path / "out" / "deep" / "a b.png",)
    assert done.files[0].is_file()


def test_what_cannot_be_restored_leaves_nothing(weights, drawn_folder, tmp_path, console, refused):
    file, _ = weights("heatmap")
    out = tmp_path / "out"

    def run(source=drawn_folder, **options):
        restored(file, source, out, console, **{"device": "cpu", **options})

    shutil.copytree(drawn_folder, tmp_path / "cut")
    photograph = tmp_path / "cut" / "images" / "0005.png"
    photograph.write_bytes(photograph.read_bytes()[:100])
    with refused("0005.png: the image is damaged"):
        run(tmp_path / "cut", batch_size=2)
    with refused("`iterations`: must be greater than or equal to 1"):
        run(iterations=-1)
    with refused("`iterations`: must be greater than or equal to 1"):
        run(iterations=0)
    with refused("`batch_size`: must be"):
        run(batch_size=0)
    with refused("multiples? of 8"):
        run(size=12)
    with refused("nowhere: neither a photograph nor a folder of photographs"):
        run(tmp_path / "nowhere")
    marks = tmp_path / "cut" / "priors" / "landmarks.json"
    marks.write_text(marks.read_text().replace('"0002.png"', '"other.png"'))
    photograph.unlink()
    with refused("landmarks.json: the heatmap prior is missing for 1 of 7 images, first 0002.png"):
        run(tmp_path / "cut")
    with refused("`drop_prior` parsing: the network does not take it; it takes heatmap"):
        run(drop_prior=["parsing"])
    with refused("`priors_from`: must be 'clean', 'degraded' or 'coarse' .got 'clean-ish'"):
        run(priors_from="clean-ish")
    assert not out.exists()
    assert not list(tmp_path.glob(".out*"))
    out.mkdir()
    (out / "note.txt").touch()
    with refused("out: holds another run or other files"):
        run()
