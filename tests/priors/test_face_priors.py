import json

import numpy as np
import pytest
import torch
from mfps.data.dataset import FaceFolder, WantedPriors
from mfps.data.loader import make_loader
from mfps.errors import MfpsError
from mfps.images.image import write_image
from PIL import Image
from safetensors.numpy import save_file

SIZES = {"a.png": (32, 32), "sub/b.jpg": (48, 32)}


@pytest.fixture
def data(tmp_path):
    """Two faces, the second wider than high, with a bright spot that the landmark marks."""
    faces = {}
    for name, (width, height) in SIZES.items():
        image = np.zeros((height, width, 3), np.uint8)
        spot = (width // 2 + 4, 9)
        image[spot[1], spot[0]] = 255
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, image)
        labels = np.zeros((height, width), np.uint8)
        labels[spot[1], spot[0]] = 3
        label_path = (tmp_path / "priors" / "parsing" / name).with_suffix(".png")
        label_path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(labels).save(label_path)
        faces[name] = {"size": [width, height], "points": [[spot[0], spot[1]], None]}
    write_json(tmp_path, faces)
    return tmp_path


def write_json(data, faces, scheme="points-2"):
    (data / "priors" / "landmarks.json").write_text(json.dumps({"scheme": scheme, "faces": faces}))


def landmarks(data):
    return json.loads((data / "priors" / "landmarks.json").read_text())["faces"]


def write_arrays(data, folder, ending, shapes):
    for name, shape in zip(SIZES, shapes, strict=True):
        path = data / "priors" / folder / (name + ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.random.default_rng(0).random(shape, np.float32))


def batch_of(data, priors, size=32, **options):
    folder = FaceFolder(data, size, "none", priors=priors, **options)
    return next(iter(make_loader(folder, None, 2, 0, False, 0)))


def test_priors_follow_the_crop(data):
    batch = batch_of(data, ("heatmap", "parsing"))
    for face in range(2):
        spot = int(batch.clean[face, 0].argmax())
        assert int(batch.priors["heatmap"][face, 0].argmax()) == spot
        assert int(batch.priors["parsing"][face, 3].argmax()) == spot
    assert batch.priors["heatmap"][:, 1].abs().max() == 0


def test_priors_follow_the_scale(data):
    batch = batch_of(data, ("parsing", "heatmap"), size=16)
    for face in range(2):
        spot, peak = (int(t[face, 0].argmax()) for t in (batch.clean, batch.priors["heatmap"]))
        assert abs(spot // 16 - peak // 16) <= 1
        assert abs(spot % 16 - peak % 16) <= 1


@pytest.mark.parametrize("folder", ["dict", "dictionary"])
def test_published_arrays_are_taken_and_resized_to_the_batch(data, folder):
    write_arrays(data, folder, ".npy", [(5, 32, 32), (5, 8, 8)])
    batch = batch_of(data, ("dictionary",))
    stored = np.load(data / "priors" / folder / "a.png.npy")
    assert batch.priors["dictionary"].shape == (2, 5, 32, 32)
    assert np.array_equal(batch.priors["dictionary"][0], stored)


def test_arrays_may_go_by_the_stem_and_by_the_short_name(data):
    (data / "priors" / "landmarks.json").unlink()
    for name in SIZES:
        path = data / "priors" / "heat" / (name.rsplit(".", 1)[0] + ".npy")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.ones((71, 32, 32), np.float16))
    folder = FaceFolder(data, 32, priors=WantedPriors(("heatmap",), heatmap_rgb=True))
    assert folder.prior_channels == {"heatmap": 71}


def test_dictionary_features_come_from_safetensors(data):
    for name in SIZES:
        path = (data / "priors" / "dictionary" / name).with_suffix(".safetensors")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"features": np.full((6, 4, 4), 0.5, np.float16)}, path)
    batch = batch_of(data, ("dictionary",))
    assert torch.allclose(batch.priors["dictionary"], torch.full((2, 6, 32, 32), 0.5))


def refused(data, rule, priors=("heatmap", "parsing", "dictionary")):
    with pytest.raises(MfpsError, match=rule) as raised:
        batch_of(data, priors)
    assert "\n" not in str(raised.value)


def test_missing_priors_are_counted(data):
    refused(data, "no dictionary prior is stored there")
    (data / "priors" / "parsing" / "a.png").unlink()
    refused(data, "the parsing prior is missing for 1 of 2 images, first a.png", ("parsing",))
    write_json(data, {"a.png": landmarks(data)["a.png"]})
    refused(data, r"landmarks.json: the heatmap prior is missing for 1 of 2 images, first sub/b.jpg", ("heatmap",))
    refused(data, "unknown prior 'depth': choose from", ("depth",))


def test_a_prior_under_a_nearly_right_name_is_pointed_at(data):
    faces = landmarks(data)
    for wrong, difference in (
        ("a.PNG", "capital letters differ"),
        ("a", "the suffix differs"),
        ("images/a.png", "the folder differs"),
    ):
        write_json(data, {wrong: faces["a.png"], "sub/b.jpg": faces["sub/b.jpg"]})
        refused(data, f"first a.png, but {wrong} is there: only {difference}; make the missing", ("heatmap",))
    (data / "priors" / "parsing" / "a.png").rename(data / "priors" / "parsing" / "A.png")
    refused(data, "first a.png, but A.png is there: only capital letters differ; make the missing", ("parsing",))


def test_landmark_files_that_do_not_fit(data):
    faces = landmarks(data)
    write_json(data, faces, scheme="ibug68")
    refused(data, "a.png has 2 points, but the scheme ibug68 has 68", ("heatmap",))
    write_json(data, faces | {"a.png": faces["a.png"] | {"size": [64, 64]}})
    refused(data, "are for 64 x 64 pixels, but the photograph has 32 x 32", ("heatmap",))
    write_json(data, faces, scheme="mine")
    refused(data, "landmark scheme 'mine' is not known", ("heatmap",))
    (data / "priors" / "landmarks.json").write_text('{"scheme": "points-2"')
    refused(data, "landmarks.json", ("heatmap",))


def test_arrays_that_do_not_fit(data):
    write_arrays(data, "dictionary", ".npy", [(5, 8, 8), (6, 8, 8)])
    refused(data, "6 channels, but a.png.npy has 5", ("dictionary",))
    write_arrays(data, "dictionary", ".npy", [(5, 8, 8), (8, 8)])
    refused(data, r"not \(8, 8\)", ("dictionary",))
    path = data / "priors" / "dictionary" / "a.png.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    refused(data, "pickled ones are refused", ("dictionary",))


def test_labels_above_the_classes_are_refused(data):
    Image.fromarray(np.full((32, 32), 19, np.uint8)).save(data / "priors" / "parsing" / "a.png")
    refused(data, "holds class 19, but 19 classes go from 0 to 18", ("parsing",))


def test_two_images_of_one_stem_cannot_share_a_prior(data):
    write_image(data / "images" / "a.jpg", np.zeros((32, 32, 3), np.uint8))
    refused(data, "shares its parsing prior", ("parsing",))
