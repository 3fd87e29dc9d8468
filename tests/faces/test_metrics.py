import json

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.faces.metrics import CONVENTION, psnr, ssim, to_uint8


@pytest.fixture
def clean() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 250, (24, 20, 3), dtype=np.uint8)


def test_identical_pictures_are_best_and_finite(clean):
    assert psnr(clean, clean) == 100
    assert ssim(clean, clean) == pytest.approx(1)
    json.dumps([CONVENTION, psnr(clean, clean)], allow_nan=False)


def test_psnr_is_its_definition(clean):
    assert psnr(clean + 5, clean) == pytest.approx(10 * np.log10(255**2 / 25))


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
    with pytest.raises(MfpsError, match="finite"):
        to_uint8(image * np.nan)
