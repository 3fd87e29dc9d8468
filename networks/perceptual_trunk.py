"""The convolutional trunks of perceptual distances and losses: AlexNet, VGG16, and the shift-tolerant VGG16.

Source: the layer tables of Krizhevsky (2014) and of Simonyan and Zisserman (2015). The shift-tolerant VGG16 is that of
Ghildyal and Liu (2022): VGG16's convolutions, whose maps are halved by a maximum at every pixel, followed by a binomial
blur of 3 x 3 at every second one. Its layer table (borders mirrored by two pixels, the strides, where a stage ends) was
read in the source of the package stlpips-pytorch 0.0.2, as facts; no code was taken from it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import MfpsError


class Convolution(NamedTuple):
    """A convolution, which a ReLU follows."""

    channels: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1


class Pool(NamedTuple):
    """A maximum over squares."""

    kernel: int = 2
    stride: int = 2


class BlurPool(nn.Module):
    """Halves maps (B, C, H, W): a maximum over 2 x 2 at every pixel, then a binomial blur at every second one."""

    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("weight", (row[:, None] * row)[None, None], persistent=False)

    def forward(self, maps: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C h w"]:
        """Maps of half the size."""
        padded = F.pad(F.max_pool2d(maps, 2, stride=1), (2, 2, 2, 2), mode="reflect")
        channels = maps.shape[1]
        return F.conv2d(padded, self.weight.expand(channels, 1, 3, 3), stride=2, groups=channels)


Layer = Convolution | Pool | type[BlurPool]


def _vgg16(halve: Layer) -> tuple[tuple[Layer, ...], ...]:
    counts = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    return tuple(
        ((halve,) if i else ()) + (Convolution(channels),) * count for i, (channels, count) in enumerate(counts)
    )


TRUNKS: Mapping[str, tuple[tuple[Layer, ...], ...]] = {
    "alex": (
        (Convolution(64, 11, 4, 2),),
        (Pool(3), Convolution(192, 5, 1, 2)),
        (Pool(3), Convolution(384)),
        (Convolution(256),),
        (Convolution(256),),
    ),
    "vgg": _vgg16(Pool()),
    "vgg_shift_tolerant": _vgg16(BlurPool),
}
"""The layers of each trunk in five stages, each of which ends with features that count."""


class PerceptualTrunk(nn.Module):
    """A trunk, with random weights.

    Args:
        name: one of `TRUNKS`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.stages, channels = nn.ModuleList(), 3
        for layers in TRUNKS[name]:
            stage: list[nn.Module] = []
            for layer in layers:
                if isinstance(layer, Convolution):
                    stage += [nn.Conv2d(channels, *layer), nn.ReLU()]
                    channels = layer.channels
                else:
                    stage.append(nn.MaxPool2d(*layer) if isinstance(layer, Pool) else layer())
            self.stages.append(nn.Sequential(*stage))

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> list[Tensor]:
        """The features (B, C, h, w) after each of the five stages, of images that are normalised already."""
        found: list[Tensor] = []
        for stage in self.stages:
            image = stage(image)
            found.append(image)
        return found


def load_trunk(name: str, state: Mapping[str, Tensor], file: Path, prefix: str, remedy: str) -> PerceptualTrunk:
    """A trunk with weights, frozen and in eval mode.

    Args:
        name: one of `TRUNKS`.
        state: a file's tensors; each convolution's are `PREFIX...N.weight` and `.bias`, and stand in the order of N.
        file: it, for messages.
        prefix: what the keys begin with.
        remedy: which file to give, for messages.

    Raises:
        MfpsError: the tensors do not fit.
    """
    trunk = PerceptualTrunk(name)
    wanted = [layer for layer in trunk.modules() if isinstance(layer, nn.Conv2d)]
    numbered = {
        int(found[1]): key.removesuffix(".weight")
        for key in state
        if key.startswith(prefix) and (found := re.search(r"\.(\d+)\.weight$", key))
    }
    keys = [numbered[number] for number in sorted(numbered)]
    if len(keys) != len(wanted):
        raise MfpsError(f"{file}: has {len(keys)} convolutions, and {name} {len(wanted)}; {remedy}")
    for layer, key in zip(wanted, keys, strict=True):
        for part in ("weight", "bias"):
            tensor, own = state.get(f"{key}.{part}"), getattr(layer, part)
            if tensor is None or tensor.shape != own.shape:
                shape = "missing" if tensor is None else f"of shape {tuple(tensor.shape)}, not {tuple(own.shape)}"
                raise MfpsError(f"{file}: {key}.{part} is {shape}; {remedy}")
            own.data.copy_(tensor)
    return trunk.eval().requires_grad_(False)
