import dataclasses

import pytest
import torch
from mfps.files import external_weights
from mfps.files.hashes import sha256_of
from mfps.networks.vgg19 import IMAGENET_MEAN, IMAGENET_STD, VGG19Features, load_vgg19
from torch import nn

pytestmark = pytest.mark.slow

CONVOLUTIONS = {
    0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256),
    16: (256, 256), 19: (256, 512), 21: (512, 512), 23: (512, 512), 25: (512, 512), 28: (512, 512), 30: (512, 512),
    32: (512, 512), 34: (512, 512),
}  # fmt: skip
"""torchvision's numbers of VGG19's convolutions, with their channels; pooling is at 4, 9, 18, 27 and 36."""


@pytest.fixture
def listed(monkeypatch):
    """`listed(file)`: makes this file the one whose hash is listed."""

    def make(file):
        official = external_weights.weights_of("vgg19")
        other = dataclasses.replace(official, sha256=sha256_of(file))
        monkeypatch.setattr(external_weights, "WEIGHTS", (other,))
        return file

    return make


@pytest.fixture(scope="module")
def official(vgg, tmp_path_factory):
    """A file in the official one's format (torch's of 2019, classifier included), with random weights."""
    file = tmp_path_factory.mktemp("vgg") / "vgg19.pth"
    state = {**vgg.state_dict(), "classifier.0.weight": torch.zeros(2, 2), "classifier.0.bias": torch.zeros(2)}
    torch.save(state, file, _use_new_zipfile_serialization=False)
    return file


def test_layers_and_names_are_torchvisions(vgg):
    convolutions = {
        i: (layer.in_channels, layer.out_channels)
        for i, layer in enumerate(vgg.features)
        if isinstance(layer, nn.Conv2d)
    }
    assert convolutions == CONVOLUTIONS
    assert [i for i, layer in enumerate(vgg.features) if isinstance(layer, nn.MaxPool2d)] == [4, 9, 18, 27]
    assert len(vgg.features) == 35
    names = [f"features.{i}.{kind}" for i in CONVOLUTIONS for kind in ("weight", "bias")]
    assert list(vgg.state_dict()) == names


@pytest.mark.parametrize("size", [(16, 16), (32, 48), (40, 24)])
def test_features_are_sixteenths(vgg, size):
    features = vgg(torch.rand(2, 3, *size))
    assert features.shape == (2, 512, size[0] // 16, size[1] // 16)
    assert features.min() < 0 < features.max()


def test_images_are_normalised_as_imagenets(vgg, difference):
    image = torch.rand(1, 3, 16, 16)
    mean, std = (torch.tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    assert difference(vgg(image), vgg.features((image - mean) / std)) < 1e-5
    assert difference(vgg(image), vgg.features(image)) > 0.01
    assert (IMAGENET_MEAN, IMAGENET_STD) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_an_official_file_loads_frozen(vgg, official, listed):
    loaded = load_vgg19(listed(official))
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(loaded(image), vgg(image))
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_a_weights_folder_is_searched(official, listed, tmp_path):
    (tmp_path / "vgg19-dcbb9e9d.pth").symlink_to(listed(official))
    assert isinstance(load_vgg19(None, tmp_path), VGG19Features)


def test_wrong_files_are_refused(official, listed, tmp_path, refused):
    with refused("none.pth: there are no vgg19 weights; get them from https"):
        load_vgg19(tmp_path / "none.pth")
    with refused("vgg19.pth: not the vgg19 weights .SHA-256 [0-9a-f]{12}..., not dcbb9e9dad56"):
        load_vgg19(official)
    page = tmp_path / "page.pth"
    page.write_text("<!DOCTYPE html><title>404</title>")
    with refused("page.pth: not the vgg19 weights .a web page"):
        load_vgg19(page)
    with refused("page.pth: a web page, not a checkpoint"):
        load_vgg19(listed(page))


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        ({"features.0.weight": torch.zeros(64, 3, 3, 3)}, "features.0.bias is missing"),
        (
            [f"features.{i}.{kind}" for i in CONVOLUTIONS for kind in ("weight", "bias")],
            "holds a list, not a state dict",
        ),
        (
            {f"features.{i}.{kind}": torch.zeros(1) for i in CONVOLUTIONS for kind in ("weight", "bias")},
            "not VGG19's weights",
        ),
    ],
)
def test_files_without_vgg19s_weights_are_refused(state, rule, tmp_path, refused, listed):
    file = tmp_path / "other.pth"
    torch.save(state, file)
    with refused(rule):
        load_vgg19(listed(file))
