import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mfps.images.image import fit_square
from mfps.networks.vgg19 import VGG19Features
from mfps.priors.dictionary.features import Relu34, boxes_at_face_px, cut_patches, face_tensor, random_vgg19


@pytest.fixture(scope="module")
def vgg19():
    return random_vgg19(0)


def test_the_layers_end_with_relu3_4(vgg19):
    layers = [*Relu34(vgg19).layers]
    assert [sum(isinstance(layer, kind) for layer in layers) for kind in (torch.nn.Conv2d, torch.nn.MaxPool2d)] == [
        8,
        2,
    ]
    assert isinstance(layers[-1], torch.nn.ReLU)
    assert isinstance(vgg19.features[len(layers)], torch.nn.MaxPool2d)


def test_relu3_4_is_an_inner_layer_of_vgg19(vgg19):
    image = torch.rand(2, 3, 48, 32)
    features = Relu34(vgg19)(image)
    assert features.shape == (2, 256, 12, 8)
    assert features.min() == 0
    rest = vgg19.features[18:]
    assert torch.allclose(rest(features), vgg19(image), rtol=1e-4, atol=1e-4)


def test_random_weights_are_seeded_and_keep_the_scale(vgg19):
    before = torch.get_rng_state()
    same, other = random_vgg19(0), random_vgg19(1)
    assert torch.equal(torch.get_rng_state(), before)
    assert isinstance(same, VGG19Features)
    pairs = list(zip(vgg19.parameters(), same.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in pairs)
    assert not torch.equal(pairs[0][0], pairs[0][2])
    assert not any(weight.requires_grad for weight, _, _ in pairs)
    features = Relu34(vgg19)(torch.rand(1, 3, 32, 32))
    assert 0.1 < features.std() < 10


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
