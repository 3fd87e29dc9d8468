"""VGG19's convolutional features, for the perceptual loss and for facial dictionaries.

Source: Simonyan and Zisserman, 2015; layer numbers and weight names are torchvision's, so its official file loads
by name. torchvision itself is not needed.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import MfpsError
from ..files.external_weights import check_weights, find_weights, weights_of
from .state_dict_file import read_state_dict

LAYOUT = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, 256, "pool", 512, 512, 512, 512, "pool", 512, 512, 512, 512)
"""Channels of the 3x3 convolutions, each followed by a ReLU, and where the maps are halved."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class VGG19Features(nn.Module):
    """VGG19 up to conv5_4, the last convolution, before its ReLU."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for step in LAYOUT:
            if isinstance(step, str):
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, step, 3, padding=1), nn.ReLU()]
            channels = step
        self.features = nn.Sequential(*layers[:-1])
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 512 h w"]:
        """Features (B, 512, H // 16, W // 16) of RGB images in [0, 1], normalised as ImageNet's."""
        return self.features((image - self.mean) / self.std)


def load_vgg19(file: Path | None, folder: Path | None = None) -> VGG19Features:
    """VGG19 with the official weights, frozen and in eval mode.

    Args:
        file: a local copy of the official file; None looks for one as `find_weights` does, which may download it.
        folder: a weights folder that the user named.

    Raises:
        MfpsError: the file is missing and cannot be downloaded, has a wrong hash, or does not hold VGG19's weights.
    """
    if file is None:
        path = find_weights("vgg19", folder)
    else:
        path = file
        check_weights(file, weights_of("vgg19"))
    network = VGG19Features()
    wanted = network.state_dict()
    remedy = f"the official ones are at {weights_of('vgg19').url}"
    state = read_state_dict(path, remedy)
    for name, tensor in wanted.items():
        if name not in state:
            raise MfpsError(f"{path}: {name} is missing from VGG19's weights; {remedy}")
        if state[name].shape != tensor.shape:
            shape = tuple(state[name].shape)
            raise MfpsError(
                f"{path}: not VGG19's weights ({name} has shape {shape}, not {tuple(tensor.shape)}); {remedy}"
            )
    network.load_state_dict({name: state[name] for name in wanted})
    return network.eval().requires_grad_(False)
