"""Priors drawn inside an exported file, from what a data folder stores of them instead of from their maps.

Heatmaps are drawn by the same function as for a network in Python. Label maps and dictionary entries are drawn here
without looking at values: a file has one course of computation for all faces.

Legend: B faces, K points, S the network's side in pixels, H and W those of a label map, s that of an entry.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import MfpsError
from ..inference.folded_inputs import FOLDED_INPUTS
from ..priors.dictionary.component_boxes import PARTS
from ..priors.dictionary.dictionary_file import CHANNELS, FacialDictionary
from ..priors.landmarks.heatmaps import draw_heatmaps
from ..priors.prior_kind import RGB


class FoldedPriors(nn.Module):
    """Draws the maps of all priors of a network.

    Args:
        channels: channels of each prior, in the network's order.
        heatmap_rgb: the heatmap prior begins with the degraded picture.
        dictionary: the entries, if the network takes the dictionary prior.

    Attributes:
        input_names: what the maps are drawn from: `labels` (B, H, W) int64, class numbers; `landmarks` (B, K, 2)
            float32, x and y in pixels at the network's size, 0 at the centre of the first pixel, NaN where a point is
            missing; `boxes` (B, 4, 4) float32, left, top, right and bottom of each part in such pixels, NaN where it
            is missing; `entries` (B, 4) int64, negative where it is missing.

    Raises:
        MfpsError: a prior cannot be drawn, or the dictionary is missing.
    """

    def __init__(
        self, channels: Mapping[str, int], heatmap_rgb: bool = False, dictionary: FacialDictionary | None = None
    ) -> None:
        super().__init__()
        for name in channels:
            if name not in FOLDED_INPUTS:
                raise MfpsError(f"`priors` folded: the {name} prior cannot be drawn inside a file; set inputs or zeros")
        self.channels, self.heatmap_rgb = dict(channels), heatmap_rgb
        self.input_names = tuple(source for name in channels for source in FOLDED_INPUTS[name])
        self.entries = None
        if "dictionary" in channels:
            if dictionary is None:
                raise MfpsError(
                    "`priors` folded: the entries of the dictionary prior become part of the file; name the network's "
                    "`dictionary`"
                )
            if channels["dictionary"] != CHANNELS:
                raise MfpsError(
                    f"`priors` folded: a dictionary's entries have {CHANNELS} channels, but the network takes "
                    f"{channels['dictionary']}; set `priors` to inputs or zeros"
                )
            self.entries = DrawnEntries(dictionary.centres)

    @property
    def points(self) -> int:
        """K, if heatmaps are drawn."""
        return self.channels["heatmap"] - RGB * self.heatmap_rgb

    def forward(self, image: Tensor, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The maps of each prior, float32 (B, C, S, S).

        Args:
            image: the degraded face (B, 3, S, S).
            given: by name, see `input_names`.
        """
        return {name: self._map(name, image, given) for name in self.channels}

    def _map(self, name: str, image: Tensor, given: Mapping[str, Tensor]) -> Tensor:
        size = image.shape[-1]
        if name == "heatmap":
            maps = draw_heatmaps(given["landmarks"], size)
            return torch.cat([image, maps], 1) if self.heatmap_rgb else maps
        if name == "parsing":
            return drawn_labels(given["labels"], self.channels[name], size)
        assert self.entries is not None
        return self.entries(given["boxes"], given["entries"], size)


def drawn_labels(labels: Tensor, classes: int, size: int) -> Tensor:
    """One channel for each class, (B, classes, size, size), as `one_hot_parsing` makes them.

    Args:
        labels: (B, H, W) class numbers; another number is in no channel.
        classes: number of channels.
        size: side of the maps in pixels.
    """
    numbers = torch.arange(classes, device=labels.device)[:, None, None]
    one_hot = (labels[:, None] == numbers).float()
    return F.interpolate(one_hot, size=(size, size), mode="bilinear", align_corners=True)


class DrawnEntries(nn.Module):
    """Draws dictionary entries into their boxes, as `draw_part` does, which chooses a window by the boxes.

    An entry is resized bilinearly, in each direction by itself: by products with two matrices.

    Args:
        centres: the entries of each part, float16 (K, C, s, s).
    """

    def __init__(self, centres: Mapping[str, Tensor]) -> None:
        super().__init__()
        for part in PARTS:
            self.register_buffer(part, centres[part].half().clone())

    def forward(self, boxes: Tensor, entries: Tensor, size: int) -> Tensor:
        """The maps, float32 (B, C, size, size), zero outside the boxes; the later of `PARTS` is on top.

        Args:
            boxes: (B, 4, 4), see `FoldedPriors`.
            entries: (B, 4).
            size: side of the maps in pixels.
        """
        axis = torch.arange(size, dtype=boxes.dtype, device=boxes.device)
        corners = boxes.unflatten(2, (2, 2))[..., None]  # (B, part, corner, direction, 1)
        first, last = corners[:, :, 0], corners[:, :, 1]
        # NaN is in no comparison, so that no pixel is inside a missing box.
        inside = (axis >= first.ceil()) & (axis <= last.floor()) & (entries >= 0)[..., None, None]
        shares = (axis - first) / (last - first)
        maps = torch.zeros(1, device=boxes.device)
        for number, part in enumerate(PARTS):
            centres: Tensor = getattr(self, part)
            chosen = centres.index_select(0, entries[:, number].clamp(min=0)).float()
            across, down = _resizing(shares[:, number], centres.shape[-1]).unbind(1)
            drawn = down[:, None] @ chosen @ across[:, None].transpose(-1, -2)
            across_inside, down_inside = inside[:, number].unbind(1)
            maps = torch.where(down_inside[:, None, :, None] & across_inside[:, None, None], drawn, maps)
        return maps


def _resizing(shares: Tensor, side: int) -> Tensor:
    """Matrices (..., S, side) that resize `side` values to S pixels bilinearly.

    Args:
        shares: (..., S) where each pixel lies between the first edge of the box, 0, and its last, 1.
        side: how many values there are.
    """
    places = (shares * side - 0.5).clamp(0, side - 1)
    values = torch.arange(side, dtype=shares.dtype, device=shares.device)
    return (1 - (places[..., None] - values).abs()).clamp(min=0)
