"""MS-SSIM: structural similarity over five scales, by the package pytorch-msssim."""

from collections.abc import Sequence
from importlib import import_module, metadata
from importlib.util import find_spec

import numpy as np
import torch

from ..errors import MfpsError
from .metric import Column, Metric, MetricSources

LEAST_PX = 161
"""At the last of five scales a face is a sixteenth as wide, and the window of 11 pixels must still fit in."""


def open_ms_ssim(sources: MetricSources) -> Metric:
    """MS-SSIM of faces.

    Raises:
        MfpsError: the faces are too small, or the package is missing.
    """
    if sources.size < LEAST_PX:
        raise MfpsError(f"five scales need faces of {LEAST_PX} pixels or more, not {sources.size}")
    if find_spec("pytorch_msssim") is None:
        raise MfpsError("needs pytorch-msssim: run `pip install 'mfps[metrics]'`")
    convention = {
        "scales": 5,
        "window": "as for SSIM",
        "mean": "over channels; negative contrasts count as 0",
        "pytorch-msssim": metadata.version("pytorch-msssim"),
    }
    return Metric("ms_ssim", (Column("ms_ssim", "MS-SSIM", 4, "higher"),), convention, _scores)


def _scores(versions: Sequence[np.ndarray], clean: np.ndarray) -> list[dict[str, float]]:
    ms_ssim = import_module("pytorch_msssim").ms_ssim
    given = torch.from_numpy(np.stack([*versions, clean]).astype(np.float64)).permute(0, 3, 1, 2)
    truth = given[-1:].expand(len(versions), -1, -1, -1)
    found = ms_ssim(given[:-1], truth, data_range=255, size_average=False)
    return [{"ms_ssim": float(value)} for value in found]
