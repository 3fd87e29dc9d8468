import torch
from mfps.networks.perceptual_trunk import PerceptualTrunk
from mfps.networks.vgg16 import VGG16Features
from mfps.networks.vgg19 import IMAGENET_MEAN, IMAGENET_STD


def test_features_are_the_trunks_but_for_the_last_relu():
    trunk = PerceptualTrunk("vgg_shift_tolerant").requires_grad_(False)
    picture = torch.rand(2, 3, 24, 32)
    features = VGG16Features(trunk)(picture)
    mean, std = (torch.tensor(three).view(3, 1, 1) for three in (IMAGENET_MEAN, IMAGENET_STD))
    assert torch.allclose(features.relu(), trunk((picture - mean) / std)[-1], atol=1e-6)
    assert (features < 0).any()
    assert features.shape == (2, 512, 3, 3)
