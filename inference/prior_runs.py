"""Running a network with the priors that it is to be judged or used with: stored, of the degraded face, or coarse."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ..errors import MfpsError
from ..priors.provenance import SOURCES

Model = Callable[..., list[Tensor]]
Extractor = Callable[[Tensor], dict[str, Tensor]]
"""Finds a network's priors in pictures (B, 3, H, W) in [0, 1]; each prior is (B, C, H, W)."""


def check_source(source: str) -> None:
    """Raise an MfpsError unless `source` is one of `SOURCES`."""
    if source not in SOURCES:
        raise MfpsError(f"--priors-from {source!r} is not known; choose from {', '.join(SOURCES)}")


def run_with_priors(
    model: Model,
    degraded: Tensor,
    stored: Mapping[str, Tensor],
    source: str = "clean",
    extract: Extractor | None = None,
    iterations: int | None = None,
) -> list[Tensor]:
    """Restore a batch.

    Args:
        model: the network.
        degraded: (B, 3, H, W) in [0, 1].
        stored: priors read from files, for `clean`.
        source: one of `SOURCES`.
        extract: finds priors, for the others.
        iterations: passes, by default the network's.

    Returns:
        The output of each iteration.
    """
    if source == "clean" or extract is None:
        return model(degraded, stored, iterations)
    if source == "degraded":
        return model(degraded, extract(degraded), iterations)
    # No gradient through the extractor, and none through the pass that only feeds it.
    with torch.no_grad():
        coarse = model(degraded, None, 1)[0].float().clamp(0, 1)
    return model(degraded, extract(coarse), iterations)
