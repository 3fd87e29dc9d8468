"""LPIPS and ST-LPIPS against their packages' own computation, and against the formula."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mfps.images.tensors import images_to_tensor
from mfps.metrics.lpips import PerceptualDistance, open_lpips, open_st_lpips
from mfps.metrics.metric import MetricSources
from mfps.networks.perceptual_trunk import TRUNKS, BlurPool, Convolution, PerceptualTrunk, load_trunk
from torch import nn

NO_LPIPS = "the package lpips is not installed: pip install --no-deps lpips==0.1.4"
SLICES = {"alex": (0, 3, 6, 8, 10), "vgg": (0, 5, 10, 17, 24)}
"""Numbers of the first convolution of each stage in torchvision's list of layers."""


def torchvision_layers(name):
    """torchvision's list of layers, as its file numbers them."""
    layers, channels = [], 3
    for stage in TRUNKS[name]:
        for layer in stage:
            if isinstance(layer, Convolution):
                layers += [nn.Conv2d(channels, *layer), nn.ReLU()]
                channels = layer.channels
            else:
                layers.append(nn.MaxPool2d(*layer))
    return nn.Sequential(*layers, nn.MaxPool2d(2))


@pytest.fixture(scope="module")
def theirs():
    """The package lpips and the layers, with random weights, that it takes for torchvision's AlexNet and VGG16."""
    if find_spec("lpips") is None:
        pytest.skip(NO_LPIPS)
    torch.manual_seed(0)
    layers = {name: torchvision_layers(name) for name in SLICES}
    torchvision, models = ModuleType("torchvision"), ModuleType("torchvision.models")
    models.alexnet = lambda **_: SimpleNamespace(features=layers["alex"])
    models.vgg16 = lambda **_: SimpleNamespace(features=layers["vgg"])
    torchvision.models = models
    return imported("lpips", torchvision, models), layers


def imported(name, *beside):
    """A module that is imported with stand-ins for others that it imports."""
    package, before = name.partition(".")[0], set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        for module in beside:
            patch.setitem(sys.modules, module.__name__, module)
        found = import_module(name)
    for own in {own for own in sys.modules if own.partition(".")[0] == package} - before:
        del sys.modules[own]  # other tests must not find it with these stand-ins
    return found


@pytest.mark.parametrize("name", SLICES)
def test_lpips_is_that_of_the_package_on_any_backbone(name, theirs, faces, tmp_path):
    package, layers = theirs[0], theirs[1][name]
    assert [type(layers[number]) for number in SLICES[name]] == [nn.Conv2d] * 5
    torch.save({f"features.{key}": tensor for key, tensor in layers.state_dict().items()}, tmp_path / "backbone.pth")
    clean, versions = faces(64)
    with torch.no_grad():
        network = package.LPIPS(net=name, pnet_rand=True, verbose=False)
        expected = network(images_to_tensor(versions), images_to_tensor([clean]), normalize=True).flatten().tolist()
    found = open_lpips(MetricSources(64, lpips_backbone=tmp_path / "backbone.pth")).score(versions, clean)
    assert [scores["lpips"] for scores in found] == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert found[0]["lpips"] == pytest.approx(0, abs=1e-9)
    assert found[0]["lpips"] < found[1]["lpips"]


@pytest.mark.parametrize("size", [64, 80, 128])
def test_st_lpips_is_that_of_its_package(size, faces):
    """The package's own trunk, heads and forward, with its weights; it calls nothing of what it imports besides."""
    if find_spec("stlpips_pytorch") is None:
        pytest.skip("stlpips-pytorch is not installed: pip install --no-deps stlpips-pytorch==0.0.2")
    beside = [ModuleType(name) for name in ("torchvision", "torchvision.models", "IPython", "torchsummary")]
    beside[0].models = beside[1]
    beside[2].embed = beside[3].summary = lambda *_: pytest.fail("was called")
    package = imported("stlpips_pytorch.stlpips", *beside)
    clean, versions = faces(size)
    with torch.no_grad():
        network = package.LPIPS(net="vgg", variant="shift_tolerant", verbose=False)
        expected = network(images_to_tensor(versions), images_to_tensor([clean]), normalize=True).flatten().tolist()
    found = [scores["st_lpips"] for scores in open_st_lpips(MetricSources(size)).score(versions, clean)]
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert found[0] == pytest.approx(0, abs=1e-9)
    assert found[1] > 0.01


def test_a_backbone_is_needed_and_must_be_one_of_both(tmp_path, refused):
    with refused("give torchvision's alexnet.* as `lpips_backbone`"):
        open_lpips(MetricSources(64))
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "other.pth")
    with refused("other.pth: has 1 convolutions, and vgg 13"):
        open_lpips(MetricSources(64, lpips_backbone=tmp_path / "other.pth"))


def test_the_blur_pool_is_a_maximum_and_a_binomial_blur():
    maps = torch.rand(2, 3, 8, 10)
    padded = np.pad(F.max_pool2d(maps, 2, 1).numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    weights = np.outer((1, 2, 1), (1, 2, 1)) / 16
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::2, ::2]
    assert torch.allclose(BlurPool()(maps), torch.from_numpy((windows * weights).sum((-1, -2))).float(), atol=1e-6)


def test_weights_are_loaded_in_their_order_and_others_are_refused(refused):
    trunk = PerceptualTrunk("alex")
    numbers = (0, 3, 6, 8, 10)
    state = {}
    convolutions = [layer for layer in trunk.modules() if isinstance(layer, nn.Conv2d)]
    for number, layer in sorted(zip(numbers, convolutions, strict=True), key=lambda pair: str(pair[0])):
        state |= {f"features.{number}.{part}": getattr(layer, part).detach() for part in ("weight", "bias")}
    loaded = load_trunk("alex", state, Path("a.pth"), "features.", "give another")
    picture = torch.rand(1, 3, 64, 64)
    assert all(torch.equal(*pair) for pair in zip(loaded(picture), trunk(picture), strict=True))
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    del state["features.3.bias"]
    with refused(r"a.pth: features.3.bias is missing; give another"):
        load_trunk("alex", state, Path("a.pth"), "features.", "give another")


def test_the_distance_is_its_formula(faces):
    torch.manual_seed(1)
    clean, versions = faces(64)
    trunk = PerceptualTrunk("vgg_shift_tolerant").requires_grad_(False)
    heads = [torch.rand(1, channels, 1, 1) for channels in (64, 128, 256, 512, 512)]
    found = PerceptualDistance(trunk, heads)(images_to_tensor(versions), images_to_tensor([clean]))
    mean, deviation = (torch.tensor(three).view(3, 1, 1) for three in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    for i, version in enumerate(versions):
        one, other = (trunk((images_to_tensor([face]) - mean) / deviation) for face in (version, clean))
        terms = [
            (head * (F.normalize(a) - F.normalize(b)) ** 2).sum(1).mean()
            for head, a, b in zip(heads, one, other, strict=True)
        ]
        assert float(found[i]) == pytest.approx(float(sum(terms)), rel=1e-3, abs=1e-7)


def test_st_lpips_hardly_minds_a_shift_and_minds_noise(wheel, faces):
    clean, versions = faces(64)
    metric = open_st_lpips(MetricSources(64, st_lpips=wheel))
    found = [scores["st_lpips"] for scores in metric.score([*versions, np.roll(clean, 1, axis=1)], clean)]
    assert found[0] == pytest.approx(0, abs=1e-9)
    assert found[:4] == sorted(found[:4])
    assert found[4] < found[2] < found[3]
