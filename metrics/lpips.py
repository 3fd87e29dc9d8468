"""LPIPS and ST-LPIPS: distances of deep features, weighted by heads that were fitted to what people see.

Source: Zhang et al. (2018), version 0.1, the heads of the package lpips; and Ghildyal and Liu (2022), the weights of
the package stlpips-pytorch. Of both packages only the weights are read; the trunks are in `networks.perceptual_trunk`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import MfpsError
from ..files.external_weights import weights_of
from ..files.hashes import sha256_of
from ..images.tensors import images_to_tensor
from ..networks.perceptual_trunk import PerceptualTrunk, load_trunk
from ..networks.shift_tolerant_file import ST_LPIPS, load_shift_tolerant
from ..networks.state_dict_file import read_state_dict
from .metric import Column, Metric, MetricSources, held_weights

LEAST_PX = 64
"""The side of the patches that the heads were fitted to; smaller faces leave hardly a feature in the last stage."""

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Normalise pictures in [-1, 1], as ImageNet's mean and deviation do those in [0, 1]."""

STAGES = 5


class PerceptualDistance(nn.Module):
    """The distance of pictures by the features of a trunk.

    Args:
        trunk: frozen.
        heads: for each of its stages weights (1, C, 1, 1).
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, trunk: PerceptualTrunk, heads: Sequence[Tensor]) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = nn.ParameterList(nn.Parameter(head, requires_grad=False) for head in heads)
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1))

    def forward(self, one: Float[Tensor, "B 3 H W"], other: Float[Tensor, "#B 3 H W"]) -> Float[Tensor, " B"]:
        """The distances of RGB pictures in [0, 1] from others."""
        features = [self.trunk((2 * image - 1 - self.shift) / self.scale) for image in (one, other)]
        total = one.new_zeros(len(one))
        for head, a, b in zip(self.heads, *features, strict=True):
            total = total + (head * (_normalised(a) - _normalised(b)).square()).sum(1).mean((1, 2))
        return total


def _normalised(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)


def open_st_lpips(sources: MetricSources) -> Metric:
    """ST-LPIPS with the trunk VGG16.

    Raises:
        MfpsError: the faces are too small, or the weights are missing or others.
    """
    _check_size(sources.size)
    file = sources.st_lpips or held_weights(ST_LPIPS, sources.weights_dir)
    trunk, state = load_shift_tolerant(file)
    weights = weights_of(ST_LPIPS)
    return _metric("st_lpips", ST_LPIPS, trunk, _heads(state, file, weights.remedy), {"sha256": weights.sha256})


def open_lpips(sources: MetricSources) -> Metric:
    """LPIPS 0.1 with the heads of the package lpips, on a backbone file of torchvision's.

    Raises:
        MfpsError: the faces are too small, or the backbone or the heads are missing or others.
    """
    _check_size(sources.size)
    remedy = "give torchvision's alexnet-owt-7be5be79.pth or vgg16-397923af.pth as `lpips_backbone`"
    if sources.lpips_backbone is None:
        raise MfpsError(f"stands on a backbone that no package holds: {remedy}")
    state = read_state_dict(sources.lpips_backbone, remedy)
    first = state.get("features.0.weight")
    name = "alex" if first is not None and first.shape[-1] == 11 else "vgg"
    trunk = load_trunk(name, state, sources.lpips_backbone, "features.", remedy)
    weights = weights_of(f"LPIPS {name}")
    file = held_weights(weights.name, sources.weights_dir)
    heads = _heads(read_state_dict(file, weights.remedy), file, weights.remedy)
    described = {"backbone": name, "backbone sha256": sha256_of(sources.lpips_backbone), "heads sha256": weights.sha256}
    return _metric("lpips", f"LPIPS ({name})", trunk, heads, described)


def _metric(
    key: str, title: str, trunk: PerceptualTrunk, heads: Sequence[Tensor], described: Mapping[str, str]
) -> Metric:
    network = PerceptualDistance(trunk, heads).eval()

    def scores(versions: Sequence[np.ndarray], clean: np.ndarray) -> list[dict[str, float]]:
        with torch.no_grad():
            distances = network(images_to_tensor(versions), images_to_tensor([clean]))
        return [{key: float(distance)} for distance in distances]

    return Metric(key, (Column(key, title, 4, "lower"),), {**described, "computed": "in float32, on the CPU"}, scores)


def _heads(state: Mapping[str, Tensor], file: Path, remedy: str) -> list[Tensor]:
    keys = [f"lin{stage}.model.1.weight" for stage in range(STAGES)]
    if missing := [key for key in keys if key not in state]:
        raise MfpsError(f"{file}: {missing[0]} is missing; {remedy}")
    return [state[key] for key in keys]


def _check_size(size: int) -> None:
    if size < LEAST_PX:
        raise MfpsError(f"needs faces of {LEAST_PX} pixels or more, not {size}")
