"""MS-SSIM against its formula, written with SciPy."""

import numpy as np
import pytest
from mfps.metrics.metric import MetricSources
from mfps.metrics.ms_ssim import LEAST_PX, open_ms_ssim
from scipy.ndimage import correlate1d

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))


def blurred(values):
    for axis in (0, 1):
        values = correlate1d(values, WINDOW / WINDOW.sum(), axis=axis)
    return values[5:-5, 5:-5]


def formula(one, other):
    """Wang, Simoncelli and Bovik (2003): contrast and structure at all scales, luminance at the last one."""
    one, other, product = one.astype(np.float64), other.astype(np.float64), 1.0
    for scale, weight in enumerate(WEIGHTS):
        mean, mean_other = blurred(one), blurred(other)
        variance, variance_other = blurred(one**2) - mean**2, blurred(other**2) - mean_other**2
        covariance = blurred(one * other) - mean * mean_other
        factor = (2 * covariance + (0.03 * 255) ** 2) / (variance + variance_other + (0.03 * 255) ** 2)
        if scale == len(WEIGHTS) - 1:
            factor *= (2 * mean * mean_other + (0.01 * 255) ** 2) / (mean**2 + mean_other**2 + (0.01 * 255) ** 2)
        product = product * np.maximum(factor.mean((0, 1)), 0) ** weight
        one, other = (
            picture.reshape(len(picture) // 2, 2, picture.shape[1] // 2, 2, 3).mean((1, 3)) if scale < 4 else picture
            for picture in (one, other)
        )
    return product.mean()


def test_it_is_the_formula(faces):
    pytest.importorskip("pytorch_msssim", reason="pytorch-msssim is not installed: pip install 'mfps[metrics]'")
    clean, versions = faces(176)
    found = [scores["ms_ssim"] for scores in open_ms_ssim(MetricSources(176)).score(versions, clean)]
    assert found == pytest.approx([formula(version, clean) for version in versions], abs=1e-5)
    assert found[0] == pytest.approx(1)
    assert found == sorted(found, reverse=True)


def test_faces_that_five_scales_do_not_fit_are_refused(refused):
    with refused("161 pixels or more, not 160"):
        open_ms_ssim(MetricSources(LEAST_PX - 1))
