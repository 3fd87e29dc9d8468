from pathlib import Path

import mfps.networks.shift_tolerant_file
import mfps.networks.vgg16
import pytest
import torch
from mfps.networks.losses import perceptual_loss
from mfps.networks.perceptual_trunk import PerceptualTrunk
from mfps.networks.vgg16 import VGG16Features
from mfps.retrain.config import RetrainConfig
from mfps.retrain.perceptual import perceptual_network
from torch import nn

PLACES = {"data": "faces", "out": "run", "genotype": "mfpsnet", "perceptual_network": "vgg16"}


@pytest.fixture
def trunk(monkeypatch):
    """A trunk with random weights, which stands in the file that `vgg16` names."""
    trunk = PerceptualTrunk("vgg_shift_tolerant")
    convolutions = [layer for layer in trunk.modules() if isinstance(layer, nn.Conv2d)]
    state = {
        f"net.slice1.{number}.{part}": getattr(layer, part).detach()
        for number, layer in enumerate(convolutions)
        for part in ("weight", "bias")
    }
    monkeypatch.setattr(mfps.networks.vgg16, "find_weights", lambda *_: Path("w.pth"))
    monkeypatch.setattr(mfps.networks.shift_tolerant_file, "read_shift_tolerant", lambda _: state)
    return trunk


def test_there_is_none_without_a_perceptual_loss():
    assert perceptual_network(RetrainConfig(**PLACES, perceptual=0)) is None


def test_vgg16_is_the_trunk_in_the_file_and_is_not_trained(trunk):
    network = perceptual_network(RetrainConfig(**PLACES, vgg16="w.whl"))
    assert isinstance(network, VGG16Features)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    picture = torch.rand(2, 3, 24, 24, requires_grad=True)
    assert torch.equal(network(picture), VGG16Features(trunk)(picture))
    perceptual_loss(network, picture, torch.rand(2, 3, 24, 24)).backward()
    assert picture.grad is not None
    assert torch.isfinite(picture.grad).all()
    assert picture.grad.abs().sum() > 0


def test_faces_that_its_borders_do_not_fit_are_refused(trunk, refused):
    assert perceptual_network(RetrainConfig(**PLACES, size=24)) is not None
    with pytest.raises(RuntimeError, match="Padding size"):
        VGG16Features(trunk)(torch.rand(1, 3, 16, 16))
    with refused("`perceptual_network` vgg16 needs faces of 24 pixels or more, and `size` is 16"):
        perceptual_network(RetrainConfig(**PLACES, size=16))
