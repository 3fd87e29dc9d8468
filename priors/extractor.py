"""Priors found on the fly in pictures of faces: degraded ones, or the coarse output of iteration 0."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import MfpsError
from ..files.external_weights import sha256_of
from ..images.tensors import to_uint8
from .dictionary.component_boxes import PARTS
from .dictionary.dictionary_file import CHANNELS, read_dictionary
from .dictionary.features import features_of
from .dictionary.matching import match_faces
from .dictionary.source import draw_part
from .landmarks.detector import LandmarkDetector
from .landmarks.schemes import draw_heatmaps, scheme_of_name
from .parsing.classes import CELEBAMASK_CLASSES, one_hot_parsing
from .parsing.face_parser import FaceParser

SCHEME = "ibug68"
"""What the landmark detector finds."""

RGB = 3


@dataclass(frozen=True)
class ExternalSources:
    """Where the networks come from that find priors.

    Attributes:
        weights_dir: folder with external weights; otherwise they are looked for as `find_weights` does.
        parser: folder or name of the face parser.
        dictionary: dictionary file.
    """

    weights_dir: Path | None = None
    parser: str | None = None
    dictionary: Path | None = None


def found_channels(priors: Iterable[str], heatmap_rgb: bool) -> dict[str, int]:
    """Channels of each of some priors as a `PriorExtractor` finds them.

    Args:
        priors: which ones.
        heatmap_rgb: the heatmap prior begins with the picture's channels.
    """
    known = {
        "parsing": len(CELEBAMASK_CLASSES),
        "heatmap": scheme_of_name(SCHEME).count + RGB * heatmap_rgb,
        "dictionary": CHANNELS,
    }
    return {prior: known[prior] for prior in priors}


class PriorExtractor:
    """Finds a network's priors in aligned faces.

    Args:
        channels: channels of each prior that the network takes.
        sources: where the networks that find them come from.
        device: where they run.
        heatmap_rgb: the heatmap prior begins with the picture's channels.
        dropped: priors that are zeros instead.

    Raises:
        MfpsError: weights are missing, or the network takes priors of another kind than can be found.
    """

    def __init__(
        self,
        channels: Mapping[str, int],
        sources: ExternalSources,
        device: torch.device,
        heatmap_rgb: bool = False,
        dropped: Sequence[str] = (),
    ) -> None:
        self.channels = dict(channels)
        self.heatmap_rgb = heatmap_rgb
        self.wanted = tuple(prior for prior in channels if prior not in dropped)
        found = found_channels(channels, heatmap_rgb)
        for prior in self.wanted:
            if self.channels[prior] != found[prior]:
                raise MfpsError(
                    f"the network takes a {prior} prior of {self.channels[prior]} channels, and {found[prior]} can be "
                    f"found in a picture; use --priors-from clean, or --drop-prior {prior}"
                )
        name = str(device)
        if "heatmap" in self.wanted or "dictionary" in self.wanted:
            self._detector = LandmarkDetector(name, sources.weights_dir, True)
        if "parsing" in self.wanted:
            self._parser = FaceParser(sources.parser, device)
        if "dictionary" in self.wanted:
            if sources.dictionary is None:
                raise MfpsError("the dictionary prior needs a dictionary: name the file with --dictionary")
            self._dictionary = read_dictionary(sources.dictionary).to(device)
            self._dictionary_sha256 = sha256_of(sources.dictionary)
            self._features = features_of(self._dictionary, sources.weights_dir).to(device)

    def __call__(self, images: Float[Tensor, "B 3 H W"]) -> dict[str, Tensor]:
        """The priors of a batch.

        A face in which no landmarks are found gets zeros for what rests on them.

        Args:
            images: RGB in [0, 1], square.

        Returns:
            For each prior float32 (B, C, H, W), on the device of `images`.
        """
        size = images.shape[-1]
        priors = {
            prior: torch.zeros(len(images), count, size, size, device=images.device)
            for prior, count in self.channels.items()
        }
        pictures = to_uint8(images.detach().float().cpu().numpy())
        if "parsing" in self.wanted:
            labels = torch.from_numpy(self._parser.parse(pictures)).to(images.device)
            priors["parsing"] = one_hot_parsing(labels, self.channels["parsing"], size)
        if not {"heatmap", "dictionary"} & set(self.wanted):
            return priors
        points = self._points(pictures)
        if "heatmap" in self.wanted:
            heatmaps = draw_heatmaps(torch.from_numpy(points).float().to(images.device), size)
            priors["heatmap"] = torch.cat([images, heatmaps], 1) if self.heatmap_rgb else heatmaps
        if "dictionary" in self.wanted:
            boxes, entries = match_faces(self._features, list(pictures), list(points), SCHEME, self._dictionary)
            priors["dictionary"] = draw_dictionary(priors["dictionary"], boxes, entries, self._dictionary.centres)
        return priors

    def provenance(self) -> dict[str, dict[str, Any]]:
        """For each prior that is found, by which networks."""
        by: dict[str, dict[str, Any]] = {}
        if "parsing" in self.wanted:
            by["parsing"] = dict(self._parser.provenance())
        for prior in ("heatmap", "dictionary"):
            if prior in self.wanted:
                by[prior] = dict(self._detector.provenance())
        if "dictionary" in self.wanted:
            by["dictionary"] |= {"dictionary_sha256": self._dictionary_sha256, "features": self._dictionary.features}
        return by

    def _points(self, pictures: np.ndarray) -> np.ndarray:
        """Landmarks (B, 68, 2) in pixels, NaN for a face where none are found."""
        points = np.full((len(pictures), scheme_of_name(SCHEME).count, 2), np.nan)
        for row, picture in zip(points, pictures, strict=True):
            if found := self._detector.detect(picture):
                row[:] = found[0].points
        return points


def draw_dictionary(
    maps: Float[Tensor, "B C H W"], boxes: np.ndarray, entries: np.ndarray, centres: Mapping[str, Tensor]
) -> Tensor:
    """Draw matched entries into feature maps.

    Args:
        maps: zeros; drawn into.
        boxes: (B, 4, 4) of each of `PARTS`, in pixels of the map; NaN where a part is missing.
        entries: (B, 4), negative where a part is missing.
        centres: the dictionary's.
    """
    numbers = np.where(entries < 0, np.nan, entries).astype(np.float32)[..., None]
    rows = torch.from_numpy(np.concatenate([boxes, numbers, np.zeros_like(numbers)], -1).astype(np.float32))
    for number, part in enumerate(PARTS):
        draw_part(maps, rows[:, number], centres[part])
    return maps
