"""Running a network with its priors: stored ones, or those found in the degraded or the coarsely restored face."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from ..priors.extractor import PriorExtractor
from ..priors.prior_kind import ExternalSources
from .network_facts import NetworkFacts

Model = Callable[..., list[Tensor]]
"""Runs a network: called as `model(degraded, priors, iterations)`, it returns the pictures of the iterations."""

Extractor = Callable[[Tensor], dict[str, Tensor]]
"""Finds a network's priors in pictures (B, 3, H, W) in [0, 1]; each prior is (B, C, H, W)."""


def prior_extractor(
    compiled: NetworkFacts, sources: ExternalSources, device: torch.device, dropped: Sequence[str]
) -> PriorExtractor:
    """Make the extractor that finds a network's priors in pictures.

    Args:
        compiled: the network.
        sources: where the networks that find the priors come from.
        device: where they run.
        dropped: priors to replace by zeros.

    Raises:
        MfpsError: weights are missing, or the network takes priors of another kind than can be found.
    """
    channels = compiled.config.prior_channels
    return PriorExtractor(channels, sources, device, compiled.heatmap_rgb, dropped)


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
        model: what runs the network.
        degraded: (B, 3, H, W) in [0, 1].
        stored: priors read from files, for `clean`.
        source: where the priors come from, one of `priors.provenance.SOURCES`.
        extract: finds the priors, for the other sources.
        iterations: passes over the faces; by default the network's own number.

    Returns:
        The output of each iteration, (B, 3, H, W).
    """
    if source == "clean" or extract is None:
        return model(degraded, stored, iterations)
    if source == "degraded":
        return model(degraded, extract(degraded), iterations)
    # No gradient flows through the extractor, nor through the pass that only feeds it.
    with torch.no_grad():
        coarse = model(degraded, None, 1)[0].float().clamp(0, 1)
    return model(degraded, extract(coarse), iterations)
