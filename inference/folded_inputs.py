"""What an exported file with folded priors takes: points, labels, boxes and entries instead of the maps of them.

Legend: B faces, K points, H and W of a label map.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ..errors import MfpsError
from ..priors.dictionary.component_boxes import PARTS
from ..priors.dictionary.source import ENTRY, MIRRORED
from ..priors.prior_kind import RGB
from .network_facts import NetworkFacts

NO_CLASS = -1
"""A label that is in no channel."""


_NOTHING = np.empty(0)
"""What stands for a prior that was not read."""


def folded_inputs(facts: NetworkFacts, stored: Sequence[Mapping[str, np.ndarray]]) -> dict[str, Tensor]:
    """The inputs from which a file draws the priors of a batch.

    Args:
        facts: the network in the file.
        stored: what `FacePriors.load` returned for each face; an empty array for a prior that is left out.

    Returns:
        Some of `landmarks`, float32 (B, K, 2); `labels`, int64 (B, H, W); `boxes`, float32 (B, 4, 4); `entries`, int64
        (B, 4). NaN or negative where something is missing.

    Raises:
        MfpsError: a prior is stored as maps, or the faces' label maps differ in size.
    """
    inputs: dict[str, Tensor] = {}
    for prior in facts.priors:
        arrays = [face.get(prior, _NOTHING) for face in stored]
        if any(array.ndim > 2 for array in arrays) or prior not in _DRAWN_FROM:
            raise MfpsError(
                f"the {prior} prior is stored as maps, but the file draws it itself; give a folder as `mfps prepare` "
                "makes it, or a file that takes maps (exported with `priors` inputs)"
            )
        if len({array.shape for array in arrays}) > 1:
            raise MfpsError(f"the faces' {prior} priors differ in size; set `batch_size` 1 for a file that draws them")
        inputs |= _DRAWN_FROM[prior](facts, np.stack(arrays))
    return inputs


def _landmarks(facts: NetworkFacts, points: np.ndarray) -> dict[str, Tensor]:
    if not points.size:
        count = facts.config.prior_channels["heatmap"] - RGB * facts.heatmap_rgb
        points = np.full((len(points), count, 2), np.nan)
    return {"landmarks": torch.from_numpy(points.astype(np.float32))}


def _labels(_: NetworkFacts, labels: np.ndarray) -> dict[str, Tensor]:
    if not labels.size:
        labels = np.full((len(labels), 2, 2), NO_CLASS)
    return {"labels": torch.from_numpy(labels.astype(np.int64))}


def _parts(_: NetworkFacts, parts: np.ndarray) -> dict[str, Tensor]:
    if not parts.size:
        parts = np.full((len(parts), len(PARTS), MIRRORED + 1), np.nan, np.float32)
    there = np.isfinite(parts[..., : ENTRY + 1]).all(-1)
    entries = np.where(there, np.nan_to_num(parts[..., ENTRY]), -1).astype(np.int64)
    return {"boxes": torch.from_numpy(parts[..., :ENTRY].astype(np.float32)), "entries": torch.from_numpy(entries)}


_DRAWN_FROM: dict[str, Callable[[NetworkFacts, np.ndarray], dict[str, Tensor]]] = {
    "parsing": _labels,
    "heatmap": _landmarks,
    "dictionary": _parts,
}
