"""The features that facial dictionaries are made of: VGG19's relu3_4 of a face of 512 pixels, and patches of it."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ...errors import MAX_VALUE, MfpsError, shortened
from ...files.external_weights import weights_of
from ...images.image import fit_square
from ...images.tensors import images_to_tensor
from ...networks.vgg19 import VGG19Features, load_vgg19
from .dictionary_file import FACE_PX, FacialDictionary

RELU3_4_LAYERS = 18
"""Layers of `VGG19Features.features` up to and including relu3_4, which is layer 17 of torchvision's."""


class Relu34(nn.Module):
    """VGG19 up to relu3_4, frozen and in eval mode.

    Args:
        network: the VGG19; its layers are shared, not copied.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: VGG19Features) -> None:
        super().__init__()
        self.layers = network.features[:RELU3_4_LAYERS]
        self.register_buffer("mean", network.mean, persistent=False)
        self.register_buffer("std", network.std, persistent=False)
        self.eval().requires_grad_(False)

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 256 h w"]:
        """Features (B, 256, H // 4, W // 4) of RGB images in [0, 1]."""
        return self.layers((image - self.mean) / self.std)


def random_vgg19(seed: int) -> VGG19Features:
    """VGG19 with seeded random weights that keep the features' scale, for demonstrations without a download.

    A dictionary made with it must carry the name of `random_vgg19_name`.
    """
    with torch.random.fork_rng(devices=[]):  # the layers draw their initial weights from torch's global generator
        network = VGG19Features()
    generator = torch.Generator().manual_seed(seed)
    for layer in network.features:
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
    return network.eval().requires_grad_(False)


def features_of(dictionary: FacialDictionary, weights_dir: Path | None = None) -> Relu34:
    """The network that a dictionary was made with: the official VGG19, or the seeded random one that it names.

    Args:
        dictionary: the dictionary.
        weights_dir: folder with VGG19's weights.

    Raises:
        MfpsError: the weights are not available, or the dictionary was made with different ones.
    """
    named = dictionary.features
    if match := re.fullmatch(r"seeded random VGG19 \(seed (\d{1,10})\)", named, re.ASCII):
        return Relu34(random_vgg19(int(match[1])))
    if named != (official := official_vgg19_name()):
        shown = shortened(repr(named), MAX_VALUE)
        raise MfpsError(
            f"the dictionary was made with {shown}, not with {official[:18]}...; build it again with "
            "`mfps dictionary build`"
        )
    return Relu34(load_vgg19(None, weights_dir))


def random_vgg19_name(seed: int) -> str:
    """The name under which dictionaries record the features of `random_vgg19`."""
    return f"seeded random VGG19 (seed {seed})"


def official_vgg19_name() -> str:
    """The name under which dictionaries record the features of VGG19's official weights."""
    return f"vgg19 {weights_of('vgg19').sha256}"


def face_tensor(images: Sequence[np.ndarray]) -> Float[Tensor, "B 3 512 512"]:
    """Resize faces to the size that features are computed at; float32 in [0, 1].

    Args:
        images: uint8 (S, S, 3) RGB, each of any size.

    Raises:
        MfpsError: a picture is not square.
    """
    for image in images:
        height, width = image.shape[:2]
        if height != width:
            raise MfpsError(f"a face must be square, not {width} x {height}; align the photographs first")
    return images_to_tensor([fit_square(image, FACE_PX, enlarge=True)[0] for image in images])


def boxes_at_face_px(boxes: np.ndarray, size: int) -> np.ndarray:
    """Scale boxes (..., 4) from pixels of a face of side `size` to those of a face of 512 pixels."""
    return ((boxes + 0.5) * (FACE_PX / size) - 0.5).astype(np.float32)


def cut_patches(
    features: Float[Tensor, "B C H W"], boxes: Float[Tensor, "B 4"], side: int
) -> Float[Tensor, "B C side side"]:
    """Cut one box out of each face's features and resize it bilinearly.

    Args:
        features: feature maps of faces of 512 pixels, at any scale.
        boxes: left, top, right and bottom edge in pixels of the face, on the device of the features.
        side: side of the patches.
    """
    steps = (torch.arange(side, device=boxes.device) + 0.5) / side
    low, high = boxes[:, :2, None], boxes[:, 2:, None]
    places = (2 * (low + steps * (high - low)) + 1) / FACE_PX - 1
    x = places[:, 0, None, :].expand(-1, side, -1)
    y = places[:, 1, :, None].expand(-1, -1, side)
    return F.grid_sample(features, torch.stack([x, y], -1), padding_mode="border", align_corners=False)
