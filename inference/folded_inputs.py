"""What an exported file with folded priors takes: points, labels, boxes and entries instead of the maps of them.

Legend: B faces, K points, H and W of a label map.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import MfpsError
from ..files.hashes import sha256_of
from ..files.regular_file import is_file
from ..priors.dictionary.component_boxes import PARTS
from ..priors.dictionary.prior_file import DICTIONARY_FILE
from ..priors.dictionary.source import ENTRY, MIRRORED
from ..priors.prior_kind import RGB
from .network_facts import NetworkFacts

NO_CLASS = -1
"""A label that is in no channel."""

FOLDED_INPUTS = {"parsing": ("labels",), "heatmap": ("landmarks",), "dictionary": ("boxes", "entries")}
"""For each prior that can be drawn inside a file, the inputs that it is drawn from."""

_NOTHING = np.empty(0)
"""What stands for a prior that was not read."""


def folded_inputs(facts: NetworkFacts, stored: Sequence[Mapping[str, np.ndarray]]) -> dict[str, Tensor]:
    """The inputs from which a file draws the priors of a batch.

    Args:
        facts: the network in the file.
        stored: what `FacePriors.load` returned for each face; a prior that is left out is an empty array, or not there.

    Returns:
        Some of `landmarks`, float32 (B, K, 2); `labels`, int64 (B, H, W); `boxes`, float32 (B, 4, 4); `entries`, int64
        (B, 4). NaN or negative where something is missing.

    Raises:
        MfpsError: a prior is stored as maps, or the faces' label maps differ in size.
    """
    inputs: dict[str, Tensor] = {}
    for prior in facts.priors:
        arrays = [face.get(prior, _NOTHING) for face in stored]
        if any(array.ndim > 2 for array in arrays) or prior not in FOLDED_INPUTS:
            raise MfpsError(
                f"the {prior} prior is stored as maps, but the file draws it itself; give a folder as `mfps prepare` "
                "makes it, or a file that takes maps (exported with `priors` inputs)"
            )
        if len({array.shape for array in arrays}) > 1:
            raise MfpsError(
                f"the faces' {prior} priors differ in size, and a file draws those of one size at a time; give faces "
                "whose priors have one size, or restore them with `batch_size` 1"
            )
        taken = _TAKEN_FROM[prior](facts, np.stack(arrays))
        inputs |= {name: torch.from_numpy(array) for name, array in zip(FOLDED_INPUTS[prior], taken, strict=True)}
    return inputs


def check_dictionary(root: Path, sha256: str, file: Path) -> None:
    """Raise an MfpsError if faces have numbers of entries in another dictionary than the one inside a file.

    Args:
        root: the data folder of the faces.
        sha256: of the dictionary inside; empty if it is not known.
        file: the exported file, for the message.
    """
    own = root / "priors" / DICTIONARY_FILE
    if sha256 and is_file(own) and sha256_of(own) != sha256:
        raise MfpsError(
            f"{own}: is not the dictionary inside {file}, so that the faces' numbers of entries mean others there; "
            f"export the network again with `dictionary` {own}"
        )


def _landmarks(facts: NetworkFacts, points: np.ndarray) -> tuple[np.ndarray, ...]:
    if not points.size:
        count = facts.config.prior_channels["heatmap"] - RGB * facts.heatmap_rgb
        points = np.full((len(points), count, 2), np.nan)
    return (points.astype(np.float32),)


def _labels(_: NetworkFacts, labels: np.ndarray) -> tuple[np.ndarray, ...]:
    if not labels.size:
        labels = np.full((len(labels), 2, 2), NO_CLASS)
    return (labels.astype(np.int64),)


def _parts(_: NetworkFacts, parts: np.ndarray) -> tuple[np.ndarray, ...]:
    if not parts.size:
        parts = np.full((len(parts), len(PARTS), MIRRORED + 1), np.nan)
    there = np.isfinite(parts[..., : ENTRY + 1]).all(-1)
    entries = np.where(there, np.nan_to_num(parts[..., ENTRY]), -1)
    return parts[..., :ENTRY].astype(np.float32), entries.astype(np.int64)


_TAKEN_FROM: dict[str, Callable[[NetworkFacts, np.ndarray], tuple[np.ndarray, ...]]] = {
    "parsing": _labels,
    "heatmap": _landmarks,
    "dictionary": _parts,
}
"""For each prior what makes its `FOLDED_INPUTS` of what is stored of it."""
