"""Faces to measure with: random pictures, and priors of which only the zeros matter.

The time of a pass does not depend on the values, with one exception: the dictionary's map is zero outside the boxes of
the face's parts, of which a network may make use. So it is filled inside those of a drawn face.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ..drawn.faces import draw_face
from ..priors.dictionary.component_boxes import component_boxes
from ..priors.landmarks.schemes import DETECTED_SCHEME


def random_faces(batch: int, size: int, channels: Mapping[str, int], seed: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
    """Random pictures (batch, 3, size, size) in [0, 1], and each prior (batch, C, size, size).

    Args:
        batch: how many.
        size: side in pixels.
        channels: C of each prior.
        seed: of everything random.
    """
    generator = torch.Generator().manual_seed(seed)

    def random(count: int) -> Tensor:
        return torch.rand(batch, count, size, size, generator=generator)

    priors = {prior: random(count) for prior, count in channels.items()}
    if "dictionary" in priors:
        parts = torch.zeros(size, size)
        points = draw_face(np.random.default_rng(seed), size).points
        for left, top, right, bottom in (
            np.nan_to_num(component_boxes(points, DETECTED_SCHEME, size)).round().astype(int)
        ):
            parts[max(top, 0) : bottom + 1, max(left, 0) : right + 1] = 1
        priors["dictionary"] *= parts
    return random(3), priors


def drawn_inputs(
    names: Sequence[str], channels: Mapping[str, int], size: int, batch: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """The same for an exported file, which may take what its priors are drawn from.

    Args:
        names: what it takes besides the pictures.
        channels: C of each prior of its network.
        size: side in pixels.
        batch: how many.
    """
    pictures, maps = random_faces(batch, size, {name: channels[name] for name in names if name in channels})
    face = draw_face(np.random.default_rng(0), size)
    boxes = component_boxes(face.points, DETECTED_SCHEME, size)
    drawn = {
        "landmarks": torch.from_numpy(face.points).float(),
        "boxes": torch.from_numpy(boxes),
        "entries": torch.zeros(len(boxes), dtype=torch.int64),
        "labels": torch.from_numpy(face.labels).long(),
    }
    given = {name: maps[name] if name in maps else torch.stack([drawn[name]] * batch) for name in names}
    return pictures, given
