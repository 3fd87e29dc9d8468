import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.faces.degradation_stages import (
    gaussian_kernel_side,
    jpeg_quality,
    jpeg_round_trip,
    lose_resolution,
    motion_kernel,
)


def test_published_jpeg_qualities():
    qualities = [jpeg_quality(compression) for compression in range(50, 86)]
    assert qualities[0] == 51
    assert qualities[-1] == 17
    assert qualities == sorted(qualities, reverse=True)


@pytest.mark.parametrize(("sigma_px", "side"), [(3.0, 9), (4.0, 11), (4.99, 15), (5.0, 13), (7.99, 21)])
def test_published_kernel_sides(sigma_px, side):
    assert gaussian_kernel_side(sigma_px, 1.0) == side


@given(st.integers(1, 15), st.floats(0, 1), st.floats(0, 360))
def test_motion_kernels_are_averages(half, direction, angle_deg):
    kernel = motion_kernel(2 * half + 1, direction, angle_deg)
    assert kernel.shape == (2 * half + 1, 2 * half + 1)
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1, abs=1e-5)


def test_a_motion_kernel_is_a_line_in_its_direction():
    upright = motion_kernel(11, 1.0, 0.0)
    assert (np.delete(upright, 5, axis=1) == 0).all()
    assert (np.diff(upright[:, 5]) < 0).all()


@pytest.mark.parametrize("channel", range(3))
def test_jpeg_keeps_the_order_of_colours(channel):
    image = np.zeros((16, 16, 3), np.uint8)
    image[..., channel] = 255
    assert np.abs(jpeg_round_trip(image, 90).astype(int) - image).max() < 10


@pytest.mark.parametrize("size", [16, 128, 256])
def test_constant_pictures_survive_loss_of_resolution(size):
    image = np.full((size, size, 3), 77, np.uint8)
    assert (lose_resolution(image, np.random.default_rng(0), size / 128) == 77).all()
