"""The dictionary prior of a list of faces: boxes and entries are kept per face, feature maps are drawn per batch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ...errors import MfpsError
from ...images.image import SquareFit
from ...images.near_names import near_name
from ..flip import flip_boxes
from ..sources import check_all_present
from .component_boxes import PARTS
from .dictionary_file import CHANNELS, read_dictionary
from .prior_file import DICTIONARY_FILE, PRIOR_FILE, read_stored_dictionary

ENTRY, MIRRORED = 4, 5
"""Columns of a stored part: the four edges of its box, the number of its entry, and 1 if that is drawn mirrored."""


class DictionarySource:
    """Feature maps with each part's dictionary entry resized to its box, and zeros elsewhere.

    Args:
        folder: the folder `priors` with `dictionary.safetensors` and `dictionary.json`.
        names: the faces.
        photo_sizes: width and height of each photograph.

    Raises:
        MfpsError: a file is missing or breaks a rule, the two do not belong together, a face is missing, or its
            photograph has a different size.
    """

    def __init__(self, folder: Path, names: Sequence[str], photo_sizes: Mapping[str, tuple[int, int]]) -> None:
        path = folder / PRIOR_FILE
        dictionary, prior = read_stored_dictionary(folder)
        present = [name in prior.faces for name in names]
        check_all_present(present, names, "dictionary", str(path), lambda name: near_name(name, prior.faces))
        self.parts = np.full((len(names), len(PARTS), MIRRORED + 1), np.nan, np.float32)
        for rows, name in zip(self.parts, names, strict=True):
            if photo_sizes[name] != (prior.size, prior.size):
                raise MfpsError(
                    f"{path}: the boxes of {name} are for {prior.size} x {prior.size} pixels, but the photograph has "
                    f"{photo_sizes[name][0]} x {photo_sizes[name][1]}; match the faces again"
                )
            face = prior.faces[name]
            for row, box, entry in zip(rows, face.boxes, face.entries, strict=True):
                if box is not None and entry is not None:
                    row[:] = (*box, entry, 0)
        self.channels = CHANNELS
        self._file = folder / DICTIONARY_FILE
        self._centres: dict[str, Tensor] | None = dictionary.centres

    def __getstate__(self) -> dict[str, Any]:
        # A worker that is not forked opens the file itself, instead of receiving the whole dictionary through a pipe.
        return self.__dict__ | {"_centres": None}

    def load(self, index: int, fit: SquareFit) -> np.ndarray:
        """The parts of a face, float32 (4, 6): box in pixels of the fitted picture, entry, and 0 for not mirrored.

        NaN where a part is missing.
        """
        parts = self.parts[index].copy()
        parts[:, :ENTRY] = fit.move(parts[:, :ENTRY].reshape(-1, 2, 2)).reshape(-1, ENTRY)
        return parts

    def flip(self, stored: np.ndarray, size: int) -> np.ndarray:
        """The parts of the mirrored face, see `flip_dictionary`."""
        return flip_dictionary(stored, size)

    def tensor(self, stored: Sequence[np.ndarray], size: int, degraded: Tensor) -> Tensor:
        """The maps, float32 (B, 256, size, size), on the device of `degraded`.

        Where boxes overlap, the later of `PARTS` is on top.
        """
        if self._centres is None:
            self._centres = read_dictionary(self._file).centres
        parts = torch.from_numpy(np.stack(stored))
        maps = torch.zeros(len(parts), self.channels, size, size, device=degraded.device)
        for number, centres in enumerate(self._centres.values()):
            draw_part(maps, parts[:, number], centres)
        return maps


def flip_dictionary(stored: np.ndarray, width: int) -> np.ndarray:
    """What `DictionarySource.load` would return for the mirrored picture.

    Each entry is drawn mirrored, in the mirrored box. Rows keep their order, because the row says which part of the
    dictionary the entry belongs to: a mirrored left eye is on the right and is still an entry of the left eye. So the
    map of the flipped parts is the flipped map.

    Args:
        stored: (4, 6), as `load` returns it.
        width: width of the picture in pixels.
    """
    flipped = stored.copy()
    flipped[:, :ENTRY] = flip_boxes(stored[:, :ENTRY], float(width))
    flipped[:, MIRRORED] = 1 - stored[:, MIRRORED]
    return flipped


def draw_part(maps: Float[Tensor, "B C H W"], rows: Float[Tensor, "B 6"], centres: Tensor) -> None:
    """Draw one part of a batch of faces into their maps, each entry resized bilinearly to its box.

    Args:
        maps: what is drawn into; contiguous.
        rows: for each face left, top, right, bottom in pixels of the map, the entry, and 1 if it is mirrored; on the
            CPU. Nothing is drawn for a row with NaN, nor outside the map.
        centres: (K, C, s, s) entries of the part.
    """
    height, width = maps.shape[2:]
    first = rows[:, :2].ceil().clamp(min=0)
    last = torch.minimum(rows[:, 2:4].floor(), torch.tensor([width - 1.0, height - 1.0]))
    faces = (first <= last).all(1).nonzero()[:, 0]  # NaN compares as false
    if not len(faces):
        return
    rows, first, last = rows[faces, :, None], first[faces, :, None], last[faces, :, None]
    # All boxes of the batch are drawn in windows of the largest box's size. The surplus rows and columns of a smaller
    # box repeat its last ones: the same values at the same place, so nothing has to be masked.
    side = int((last - first).max()) + 1
    pixels = torch.minimum(first + torch.arange(side), last)
    places = 2 * (pixels - rows[:, :2]) / (rows[:, 2:4] - rows[:, :2]) - 1
    x, y = places[:, 0] * (1 - 2 * rows[:, MIRRORED]), places[:, 1]
    grid = torch.stack([x[:, None, :].expand(-1, side, -1), y[:, :, None].expand(-1, -1, side)], -1)
    chosen = centres[rows[:, ENTRY, 0].long()].to(maps.device, torch.float32)
    patches = F.grid_sample(chosen, grid.to(maps.device), padding_mode="border", align_corners=False)
    target = (pixels[:, 1, :, None] * width + pixels[:, 0, None, :]).long().flatten(1).to(maps.device)
    channels = torch.arange(maps.shape[1], device=maps.device)
    maps.view(*maps.shape[:2], -1)[faces.to(maps.device)[:, None, None], channels[:, None], target[:, None]] = (
        patches.flatten(2)
    )
