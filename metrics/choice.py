"""Which metrics are measured: those that are asked for, or all that can be."""

from collections.abc import Callable, Mapping, Sequence

from ..errors import MfpsError
from ..images.metrics import psnr, ssim
from .fields import METRIC_NAMES, MetricName
from .identity import open_identity
from .landmark_distance import open_landmark_distance
from .lpips import open_lpips, open_st_lpips
from .metric import Column, Metric, MetricSources
from .ms_ssim import open_ms_ssim

ALWAYS: tuple[Metric, ...] = (
    Metric(
        "psnr",
        (Column("psnr", "PSNR (dB)", 2, "higher"),),
        "",
        lambda versions, clean: [{"psnr": psnr(version, clean)} for version in versions],
    ),
    Metric(
        "ssim",
        (Column("ssim", "SSIM", 4, "higher"),),
        "",
        lambda versions, clean: [{"ssim": ssim(version, clean)} for version in versions],
    ),
)
"""What every report has; `images.metrics.CONVENTION` describes both."""

OPEN: Mapping[MetricName, Callable[[MetricSources], Metric]] = {
    "ms_ssim": open_ms_ssim,
    "identity": open_identity,
    "landmarks": open_landmark_distance,
    "st_lpips": open_st_lpips,
    "lpips": open_lpips,
}
"""How each of the others is opened; it raises an MfpsError that says what is missing."""


def choose_metrics(
    asked: Sequence[MetricName] | None, sources: MetricSources
) -> tuple[tuple[Metric, ...], dict[str, str]]:
    """Open metrics.

    Args:
        asked: their names; None takes all that can be measured.
        sources: what they are opened with.

    Returns:
        The metrics, and why those are left out that cannot be measured.

    Raises:
        MfpsError: one that was asked for cannot be measured.
    """
    metrics, left_out = list(ALWAYS), dict[str, str]()
    for name in METRIC_NAMES:
        if name not in OPEN or (asked is not None and name not in asked):
            continue
        try:
            metrics.append(OPEN[name](sources))
        except MfpsError as error:
            if asked is not None:
                raise MfpsError(f"`metrics` {name}: {error}") from None
            left_out[name] = str(error)
    return tuple(metrics), left_out
