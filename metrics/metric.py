"""What a metric is: a function of restored faces and a clean one, its columns, and the convention of its numbers."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import MfpsError
from ..files.external_weights import at_hand, find_weights, weights_of


class Column(NamedTuple):
    """One number of a metric."""

    key: str
    """Its key in reports."""
    title: str
    """Its title in tables."""
    digits: int
    """Digits after the point in tables."""
    better: str
    """`higher` or `lower`."""


class Metric(NamedTuple):
    """A metric, with all that it needs opened."""

    name: str
    columns: tuple[Column, ...]
    convention: Mapping[str, Any] | str
    """How the numbers are computed, and with which weights."""
    score: Callable[[Sequence[np.ndarray], np.ndarray], list[dict[str, float]]]
    """The numbers of some restored versions of a face, by their keys. It takes the versions and the clean face,
    pictures uint8 (H, W, 3) RGB of one size."""


class MetricSources(NamedTuple):
    """What metrics are opened with."""

    size: int
    """Side of the faces in pixels."""
    weights_dir: Path | None = None
    lpips_backbone: Path | None = None
    st_lpips: Path | None = None
    inception: Path | None = None


def measured(metrics: Sequence[Metric], versions: Sequence[np.ndarray], clean: np.ndarray) -> list[dict[str, float]]:
    """The numbers of all metrics for some versions of a face.

    Args:
        metrics: as `choose_metrics` returns them.
        versions: uint8 (H, W, 3) RGB.
        clean: the clean face, likewise.

    Returns:
        For each version its numbers by their keys.
    """
    found: list[dict[str, float]] = [{} for _ in versions]
    for metric in metrics:
        for scores, more in zip(found, metric.score(versions, clean), strict=True):
            scores.update(more)
    return found


def held_weights(name: str, folder: Path | None) -> Path:
    """A package's weights file, checked. That it is missing is said without naming places, as reports repeat it.

    Args:
        name: one of `external_weights.WEIGHTS`.
        folder: a weights folder that the user named.

    Raises:
        MfpsError: it is missing, or another file.
    """
    if not at_hand(name, folder):
        raise MfpsError(f"there are no {name} weights: {weights_of(name).remedy}")
    return find_weights(name, folder)
