import json
import re

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.images.metrics import CONVENTION, psnr, ssim
from mfps.images.tensors import to_uint8


@pytest.fixture
def clean() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 250, (24, 20, 3), dtype=np.uint8)


def test_identical_pictures_are_best_and_finite(clean):
    assert psnr(clean, clean) == 100
    assert ssim(clean, clean) == pytest.approx(1)
    json.dumps([CONVENTION, psnr(clean, clean)], allow_nan=False)


def test_psnr_is_its_definition(clean):
    assert psnr(clean + 5, clean) == pytest.approx(10 * np.log10(255**2 / 25))


def test_psnr_is_over_all_pixels_and_channels(clean):
    output = clean.copy()
    output[0, 0] = (5, 60, 255)
    mean_square = np.square(output.astype(float) - clean).mean()
    assert psnr(output, clean) == pytest.approx(10 * np.log10(CONVENTION["data_range"] ** 2 / mean_square))


def ssim_as_the_convention_says(output, clean):
    """Wang et al. (2004), written down again: its window's side and sigma are read in the convention's own text."""
    side, again = map(int, re.search(r"(\d+) x (\d+)", CONVENTION["ssim"]).groups())
    assert side == again
    sigma = float(re.search(r"sigma ([\d.]+\d)", CONVENTION["ssim"]).group(1))
    line = np.exp(-np.square(np.arange(side) - side // 2) / (2 * sigma**2))
    window = np.outer(line, line) / line.sum() ** 2

    def windowed(image):
        views = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))
        return (views * window).sum((-2, -1))  # only where the window lies inside

    x, y = output.astype(float), clean.astype(float)
    mean_x, mean_y = windowed(x), windowed(y)
    variance_x, variance_y = windowed(x * x) - mean_x**2, windowed(y * y) - mean_y**2
    covariance = windowed(x * y) - mean_x * mean_y
    c1, c2 = ((k * CONVENTION["data_range"]) ** 2 for k in (0.01, 0.03))
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return float((luminance * (2 * covariance + c2) / (variance_x + variance_y + c2)).mean())


@pytest.mark.parametrize("sigma", [1, 10, 50])
def test_ssim_is_what_the_convention_says(clean, sigma):
    smooth = (np.indices((24, 20)).sum(0)[..., None] * (2, 3, 4)).astype(float)
    for picture in (clean, smooth.astype(np.uint8)):
        noise = np.random.default_rng(2).normal(3, sigma, picture.shape)
        output = np.clip(picture + noise, 0, 255).astype(np.uint8)
        assert ssim(output, picture) == pytest.approx(ssim_as_the_convention_says(output, picture), abs=1e-9)


def test_both_are_symmetric_and_fall_with_noise(clean):
    rng = np.random.default_rng(1)
    noisy = [np.clip(clean + rng.normal(0, sigma, clean.shape), 0, 255).astype(np.uint8) for sigma in (5, 20, 60)]
    for measure in (psnr, ssim):
        values = [measure(image, clean) for image in noisy]
        assert values == sorted(values, reverse=True)
        assert measure(clean, noisy[1]) == pytest.approx(values[1])


def test_ssim_sees_nothing_outside_its_window(clean):
    with pytest.raises(MfpsError, match="at least 11 pixels each way, not 20 x 10"):
        ssim(clean[:10], clean[:10])


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_pictures_of_another_kind_are_refused(measure, clean):
    with pytest.raises(MfpsError, match="differ in shape"):
        measure(clean[1:], clean)
    with pytest.raises(MfpsError, match="to_uint8"):
        measure(clean / 255, clean / 255)


def test_bytes_round_trip(clean):
    image = np.moveaxis(clean, -1, 0).astype(np.float32) / 255
    assert np.array_equal(to_uint8(image), clean)
    assert np.array_equal(to_uint8(image[None])[0], clean)
    assert to_uint8(np.full((3, 1, 1), 1.7)).max() == 255
    assert to_uint8(np.full((3, 1, 1), 127.6 / 255)).max() == 128
    with pytest.raises(MfpsError, match="finite"):
        to_uint8(image * np.nan)
