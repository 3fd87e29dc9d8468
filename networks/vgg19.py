"""VGG19's convolutional features, for the perceptual loss and for facial dictionaries.

Source: Simonyan and Zisserman, 2015; layer numbers and weight names are torchvision's, so that its official file loads
by name. torchvision itself is not needed.
"""

import hashlib
from pathlib import Path
from pickle import UnpicklingError

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import MfpsError

LAYOUT = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, 256, "pool", 512, 512, 512, 512, "pool", 512, 512, 512, 512)
"""Channels of the 3x3 convolutions, each followed by a ReLU, and where the maps are halved."""

URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
SHA256 = "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44"
"""Hash of the official ImageNet weights."""

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


def load_vgg19(file: Path | None, sha256: str = SHA256) -> VGG19Features:
    """VGG19 with the official weights, frozen and in eval mode.

    Args:
        file: a local copy of the official file; None looks in torch's hub cache and downloads it there.
        sha256: the hash that the file must have.

    Raises:
        MfpsError: no file and no download, a wrong hash, or not VGG19's weights.
    """
    path = file if file is not None else _download()
    if not path.is_file():
        raise MfpsError(f"no VGG19 weights at {path}: download {URL} and name it with --vgg19, or set --perceptual 0")
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != sha256:
        raise MfpsError(f"{path}: SHA-256 is {found[:12]}..., not {sha256[:12]}...; download it again from {URL}")
    network = VGG19Features()
    wanted = network.state_dict()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if missing := [name for name in wanted if name not in state]:
            raise MfpsError(f"{path}: {missing[0]} is missing; the official VGG19 weights are at {URL}")
        network.load_state_dict({name: state[name] for name in wanted})
    except (UnpicklingError, RuntimeError, EOFError, TypeError) as error:
        raise MfpsError(f"{path}: not VGG19's weights ({_first_line(error)}); the official ones are at {URL}") from None
    return network.eval().requires_grad_(False)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:80]


def _download() -> Path:
    path = Path(torch.hub.get_dir()) / "checkpoints" / URL.rsplit("/", 1)[1]
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(URL, str(path), hash_prefix=SHA256, progress=False)
        except (OSError, RuntimeError) as error:
            raise MfpsError(
                f"the perceptual loss needs VGG19's weights and {URL} cannot be had ({error}): "
                "name a local copy with --vgg19, or set --perceptual 0"
            ) from None
    return path
