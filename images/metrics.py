"""How close a restored face is to the clean one: PSNR and SSIM by one stated convention."""

from typing import Any

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ..errors import MfpsError

CONVENTION = {
    "color": "RGB, all three channels",
    "data_range": 255,
    "quantised": "to 8 bits by rounding",
    "crop": 0,
    "psnr": "from the mean squared error over pixels and channels, capped at 100 dB, which identical images get",
    "ssim": "Gaussian window, sigma 1.5, 11 x 11, use_sample_covariance False, "
    "mean over channels and over the pixels whose window lies inside the image",
}
"""How `psnr` and `ssim` are computed; it is written beside every number."""

SSIM_WINDOW_PX = 11
PSNR_CAP_DB = 100.0


def psnr(output: np.ndarray, clean: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, at most 100 (so that identical images have a number that JSON can hold).

    Args:
        output: uint8 (H, W, 3) RGB, the restored face.
        clean: the clean face, likewise.

    Raises:
        MfpsError: the pictures differ in shape or are not uint8 (H, W, 3).
    """
    _check(output, clean)
    if np.array_equal(output, clean):
        return PSNR_CAP_DB
    return min(float(peak_signal_noise_ratio(clean, output, data_range=255)), PSNR_CAP_DB)


def ssim(output: np.ndarray, clean: np.ndarray) -> float:
    """Structural similarity, 1 for identical pictures.

    Args:
        output: uint8 (H, W, 3) RGB, the restored face, at least 11 pixels each way.
        clean: the clean face, likewise.

    Raises:
        MfpsError: the pictures differ in shape, are not uint8 (H, W, 3), or are smaller than the window.
    """
    _check(output, clean)
    if min(output.shape[:2]) < SSIM_WINDOW_PX:
        height, width = output.shape[:2]
        raise MfpsError(f"SSIM needs pictures of at least {SSIM_WINDOW_PX} pixels each way, not {width} x {height}")
    value: Any = structural_similarity(
        clean, output, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    return float(value)


def _check(output: np.ndarray, clean: np.ndarray) -> None:
    if output.shape != clean.shape:
        raise MfpsError(f"the restored picture {output.shape} and the clean one {clean.shape} differ in shape")
    if output.dtype != np.uint8 or clean.dtype != np.uint8 or output.ndim != 3 or output.shape[2] != 3:
        raise MfpsError(f"pictures to compare must be uint8 (H, W, 3), not {output.dtype} {output.shape}; see to_uint8")
