"""Running a network with its priors: stored ones, or those found in the degraded or the coarsely restored face."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from ..priors.extractor import PriorExtractor
from ..priors.prior_kind import ExternalSources
from .compile import CompiledNetwork

Model = Callable[..., list[Tensor]]
Extractor = Callable[[Tensor], dict[str, Tensor]]
"""Finds a network's priors in pictures (B, 3, H, W) in [0, 1]; each prior is (B, C, H, W)."""


def prior_extractor(
    compiled: CompiledNetwork, sources: ExternalSources, device: torch.device, dropped: Sequence[str]
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


def ready_to_run(restorer: nn.Module, device: torch.device, precision: str) -> Model:
    """Move a network to a device, ready to be called.

    Args:
        restorer: the network; it is moved in place.
        device: where it runs.
        precision: float32, or bfloat16: convolutions are then computed on inputs rounded to it, while weights and
            outputs stay float32, as in training.

    Returns:
        What is called like the network, with tensors on the device.
    """
    placed = restorer.to(device)
    if precision == "float32":
        return placed

    def run(
        degraded: Tensor, priors: Mapping[str, Tensor] | None = None, iterations: int | None = None
    ) -> list[Tensor]:
        rounded = None if priors is None else {prior: tensor.bfloat16() for prior, tensor in priors.items()}
        with torch.autocast(device.type, torch.bfloat16):
            outputs = placed(degraded.bfloat16(), rounded, iterations)
        return [output.float() for output in outputs]

    return run


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
