"""Priors found on the fly in pictures of faces: degraded ones, or the coarse output of iteration 0."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import MfpsError
from ..genotypes.space import PRIORS
from ..images.tensors import to_uint8
from .faces import SeenFaces
from .kinds import PRIOR_KINDS
from .landmarks.schemes import DETECTED_SCHEME, scheme_of_name
from .prior_kind import ExternalSources


def found_channels(priors: Iterable[str], heatmap_rgb: bool) -> dict[str, int]:
    """Channels of priors as a `PriorExtractor` finds them.

    Args:
        priors: names of priors.
        heatmap_rgb: the heatmap prior begins with the picture's channels.
    """
    return {prior: PRIOR_KINDS[prior].found_channels(heatmap_rgb) for prior in priors}


class PriorExtractor:
    """Finds a network's priors in aligned faces.

    Args:
        channels: channels of each prior that the network takes.
        sources: where the networks that find them come from.
        device: where they run.
        heatmap_rgb: the heatmap prior begins with the picture's channels.
        dropped: priors that are replaced by zeros.

    Raises:
        MfpsError: weights are missing, or the network takes a prior in a form that cannot be found in a picture.
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
        wanted = [PRIOR_KINDS[prior] for prior in PRIORS if prior in channels and prior not in dropped]
        for kind in wanted:
            if channels[kind.name] != (found := kind.found_channels(heatmap_rgb)):
                raise MfpsError(
                    f"the network takes a {kind.name} prior of {channels[kind.name]} channels, but {found} are "
                    f"found in a picture; set `priors_from` to clean, or name {kind.name} in `drop_prior`"
                )
            kind.check_sources(sources)
        self._detector = None
        if any(kind.needs_landmarks for kind in wanted):
            from .landmarks.detector import open_detector

            self._detector = open_detector(sources.landmarks_by, str(device), sources.weights_dir, True)
        self._finders = {kind.name: kind.finder(sources, device) for kind in wanted}

    def __call__(self, images: Float[Tensor, "B 3 H W"]) -> dict[str, Tensor]:
        """The priors of a batch.

        Where no landmarks are found in a face, the priors that need them are zeros.

        Args:
            images: RGB in [0, 1], square.

        Returns:
            For each prior float32 (B, C, H, W), on the device of `images`.
        """
        pictures = to_uint8(images.detach().float().cpu().numpy())
        faces = SeenFaces(images, pictures, self._points(pictures))
        return {prior: self._prior(prior, count, faces) for prior, count in self.channels.items()}

    def provenance(self) -> dict[str, dict[str, Any]]:
        """For each prior that is found, the networks that find it."""
        by: dict[str, dict[str, Any]] = {}
        for prior, finder in self._finders.items():
            detector = self._detector if PRIOR_KINDS[prior].needs_landmarks else None
            by[prior] = {**(detector.provenance() if detector else {}), **finder.provenance}
        return by

    def _prior(self, prior: str, count: int, faces: SeenFaces) -> Tensor:
        if prior not in self._finders:
            return torch.zeros(len(faces.images), count, *faces.images.shape[-2:], device=faces.images.device)
        found = self._finders[prior].find(faces)
        first = self.heatmap_rgb and PRIOR_KINDS[prior].picture_first
        return torch.cat([faces.images, found], 1) if first else found

    def _points(self, pictures: np.ndarray) -> np.ndarray | None:
        """Landmarks (B, 68, 2) in pixels, NaN for a face where none are found; None if nothing needs them."""
        if self._detector is None:
            return None
        points = np.full((len(pictures), scheme_of_name(DETECTED_SCHEME).count, 2), np.nan)
        for row, picture in zip(points, pictures, strict=True):
            if found := self._detector.detect(picture):
                row[:] = found[0].points
        return points
