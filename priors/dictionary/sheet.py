"""What the entries of a facial dictionary look like: the training photographs' patches nearest to some of them."""

from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image

from ...images.comparison import CELL_PX, comparison_sheet
from .component_boxes import PARTS, component_boxes
from .training import Face

ROWS = 3
"""How many entries of each part are shown."""


def dictionary_sheet(nearest: Mapping[str, np.ndarray], face: Callable[[int], Face], rows: int = ROWS) -> Image.Image:
    """Draw the training patches that are nearest to some entries of each part, nearest first.

    Args:
        nearest: face numbers (K, N) for each part, -1 where there is none, see `TrainedDictionary.nearest`.
        face: returns a training face by its number: picture, landmarks, scheme.
        rows: how many entries of each part, evenly spaced over their numbers.
    """
    pictures, captions = [], []
    for number, part in enumerate(PARTS):
        count = len(nearest[part])
        for entry in sorted({round(place) for place in np.linspace(0, count - 1, min(rows, count))}):
            pictures.append([_patch(face, one, number) for one in nearest[part][entry].tolist()])
            captions.append([f"{part.replace('_', ' ')}, entry {entry}"] + [""] * (len(pictures[-1]) - 1))
    titles = ["nearest patch", *(f"{place}." for place in range(2, len(pictures[0]) + 1))]
    return comparison_sheet(pictures, titles, captions)


def _patch(face: Callable[[int], Face], number: int, part: int) -> np.ndarray:
    if number < 0:
        return np.full((CELL_PX, CELL_PX, 3), 255, np.uint8)
    image, points, scheme = face(number)
    left, top, right, bottom = (component_boxes(points, scheme, len(image))[part] + 0.5).tolist()
    box = (max(left, 0), max(top, 0), min(right, len(image)), min(bottom, len(image)))
    return np.array(Image.fromarray(image).resize((CELL_PX, CELL_PX), Image.Resampling.BICUBIC, box=box))
