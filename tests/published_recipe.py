"""Weights of the published network, made from the names of its state dict's keys, as its expected outputs were."""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from mfps.genotypes.genotype import Genotype
from mfps.inference.compile import compile_genotype
from mfps.networks.network_config import NetworkConfig
from mfps.networks.published_layout import published_keys, unused_shapes

DATA = Path(__file__).parent / "published"
SHAPES = {key: tuple(shape) for key, shape in json.loads((DATA / "mfpsnet_state_shapes.json").read_text()).items()}
"""Every key of the official state dict and its shape."""

CHANNELS = {"parsing": 19, "heatmap": 71, "dictionary": 256}


def tensor_of(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The tensor that the recipe gives a key."""
    kind = key.rpartition(".")[2]
    if kind == "num_batches_tracked":
        return torch.zeros((), dtype=torch.int64)
    r = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape).astype(np.float32)
    if len(shape) >= 2:
        r /= np.sqrt(np.prod(shape[1:])).astype(np.float32)
    elif kind in ("running_mean", "bias"):
        r *= np.float32(0.1)
    else:
        r = 0.5 + np.abs(r) if kind == "running_var" else 1 + np.float32(0.1) * r
    return torch.from_numpy(r)


def state_of(genotype: Genotype, channels: dict[str, int], blocks: int = 1) -> dict[str, torch.Tensor]:
    """A state dict in the official layout, of another architecture."""
    ours = compile_genotype(genotype, NetworkConfig(blocks=blocks, prior_channels=channels)).state_dict()
    used = {official: tuple(ours[key].shape) for key, official in published_keys(genotype, ours).items()}
    return {key: tensor_of(key, shape) for key, shape in (used | unused_shapes(genotype)).items()}


def published_state() -> dict[str, torch.Tensor]:
    """The whole official state dict."""
    return {key: tensor_of(key, shape) for key, shape in SHAPES.items()}
