"""Priors of no face in particular: enough to compare a file with its network, where none are stored."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..priors.dictionary.component_boxes import PARTS
from ..priors.dictionary.dictionary_file import FacialDictionary
from ..priors.dictionary.kind import draw_dictionary
from ..priors.landmarks.heatmaps import draw_heatmaps
from ..priors.parsing.one_hot import one_hot_parsing
from ..priors.prior_kind import RGB
from .face_graph import GraphSpec


class Drawing(NamedTuple):
    """How priors are drawn."""

    heatmap_rgb: bool = False
    """The heatmap prior begins with the degraded picture."""
    dictionary: FacialDictionary | None = None
    """Entries of the dictionary prior."""
    dictionary_sha256: str = ""
    """Of the file that they are read from."""


class GivenPriors(NamedTuple):
    """The priors of some faces."""

    inputs: dict[str, Tensor]
    """What a file is given besides the pictures, by name."""
    maps: dict[str, Tensor]
    """What the network is given, (N, C, S, S) by prior."""


def made_up(degraded: Tensor, spec: GraphSpec, drawing: Drawing, seed: int) -> GivenPriors:
    """Random priors for some faces, as a file takes them and as the network does.

    Args:
        degraded: the faces, (N, 3, S, S).
        spec: what the file computes.
        drawing: how priors are drawn.
        seed: the same seed makes the same priors.
    """
    rng, count, size = np.random.default_rng(seed), len(degraded), spec.size
    if spec.priors == "folded":
        return _folded(degraded, spec, drawing, rng)
    scale = 0.0 if spec.priors == "zeros" else 1.0
    maps = {
        prior: torch.from_numpy(rng.random((count, channels, size, size), np.float32)) * scale
        for prior, channels in spec.channels.items()
    }
    return GivenPriors(maps if spec.priors == "inputs" else {}, maps)


def _folded(degraded: Tensor, spec: GraphSpec, drawing: Drawing, rng: np.random.Generator) -> GivenPriors:
    count, size = len(degraded), spec.size
    inputs: dict[str, Tensor] = {}
    maps: dict[str, Tensor] = {}
    for prior, channels in spec.channels.items():
        if prior == "parsing":
            inputs["labels"] = torch.from_numpy(rng.integers(0, channels, (count, 2 * size, 2 * size)))
            maps[prior] = one_hot_parsing(inputs["labels"], channels, size)
        elif prior == "heatmap":
            points = rng.uniform(-2, size + 2, (count, channels - RGB * drawing.heatmap_rgb, 2)).astype(np.float32)
            points[0, 0] = np.nan
            inputs["landmarks"] = torch.from_numpy(points)
            heatmaps = draw_heatmaps(inputs["landmarks"], size)
            maps[prior] = torch.cat([degraded, heatmaps], 1) if drawing.heatmap_rgb else heatmaps
        else:
            assert drawing.dictionary is not None
            centres = rng.uniform(0, size, (count, len(PARTS), 2))
            half = rng.uniform(size / 16, size / 4, (count, len(PARTS), 1))
            boxes = np.concatenate([centres - half, centres + half], -1).astype(np.float32)
            numbers = [rng.integers(0, len(drawing.dictionary.centres[part]), count) for part in PARTS]
            entries = np.stack(numbers, 1)
            boxes[0, 0], entries[0, 0] = np.nan, -1
            inputs |= {"boxes": torch.from_numpy(boxes), "entries": torch.from_numpy(entries)}
            zeros = torch.zeros(count, channels, size, size)
            maps[prior] = draw_dictionary(zeros, boxes, entries, drawing.dictionary.centres)
    return GivenPriors(inputs, maps)
