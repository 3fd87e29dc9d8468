from collections import Counter
from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.degradation import stages as degradation_stages
from mfps.degradation.stages import (
    STAGES,
    blur,
    gaussian_blur,
    gaussian_kernel_side,
    grey,
    jpeg,
    jpeg_quality,
    jpeg_round_trip,
    lose_resolution,
    motion_blur,
    motion_kernel,
    noise,
)


class Recording(np.random.Generator):
    """A generator that remembers which ranges it was asked for and what it returned."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(seed))
        self.asked = []

    def uniform(self, *bounds):
        self.asked.append((*bounds, value := super().uniform(*bounds)))
        return value

    def integers(self, *bounds):
        drawn = super().integers(*bounds)
        if np.ndim(drawn) == 0:
            self.asked.append((*bounds, drawn))
        return drawn


@pytest.fixture
def spy(monkeypatch):
    """`spy(owner, name)` returns the list of (arguments, options) with which a function is called from now on."""

    def watch(owner, name):
        calls, function = [], getattr(owner, name)

        def called(*args, **options):
            calls.append((args, options))
            return function(*args, **options)

        monkeypatch.setattr(owner, name, called)
        return calls

    return watch


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)


def test_published_jpeg_qualities(picture, spy):
    published = [round(1 + 99 * Fraction(101 - compression, 101)) for compression in range(101)]
    assert [jpeg_quality(compression) for compression in range(101)] == published
    assert [published[compression] for compression in (50, 60, 70, 80, 85)] == [51, 41, 31, 22, 17]
    trips = spy(degradation_stages, "jpeg_round_trip")
    rng = Recording(0)
    for _ in range(5):
        jpeg(picture, rng, 1.0, (17, 51))
    assert [asked[:2] for asked in rng.asked] == [(50, 86)] * 5
    assert [quality for (_, quality), _ in trips] == [published[compression] for _, _, compression in rng.asked]


def test_gaussian_blur_is_as_strong_as_drawn(spy):
    """An impulse's spread is the sigma that was drawn, U(3, 8); the kernel is cut at 1.3 sigma or more."""
    blurs = spy(cv2, "GaussianBlur")
    for seed in range(20):
        rng = Recording(seed)
        gaussian_blur(np.zeros((128, 128, 3), np.uint8), rng, 1.0, (3.0, 8.0))
        (low, high, sigma_px), (args, options) = rng.asked[0], blurs[-1]
        assert (low, high) == (3, 8)
        assert args[1:] == ((gaussian_kernel_side(sigma_px, 1.0),) * 2, sigma_px)
        assert set(options) == {"borderType"}


def test_motion_blur_is_as_long_as_drawn(picture, spy):
    kernels = spy(degradation_stages, "motion_kernel")
    for seed in range(60):
        rng = Recording(seed)
        motion_blur(picture, rng, 1.0, (10, 20))
        ranges = [asked[:2] for asked in rng.asked]
        drawn, direction, angle = (asked[2] for asked in rng.asked)
        assert ranges == [(10, 21), (-1, 1), (0, 360)]
        assert kernels[-1][0] == (drawn if drawn % 2 else drawn + 1, (direction + 1) / 2, angle)
    assert {args[0] for args, _ in kernels} == {11, 13, 15, 17, 19, 21}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("step", "bounds"), [(gaussian_blur, (3.0, 8.0)), (motion_blur, (10, 20))])
def test_blurs_see_the_picture_reflected_at_its_border(picture, step, bounds, seed):
    """Without its outermost pixel twice (reflect-101), as NumPy's `reflect`."""
    wider = np.pad(picture, ((24, 24), (24, 24), (0, 0)), mode="reflect")
    spoiled = step(wider, np.random.default_rng(seed), 1.0, bounds)[24:-24, 24:-24]
    # Large kernels are convolved by Fourier transform, whose rounding depends on the picture's size.
    assert np.abs(step(picture, np.random.default_rng(seed), 1.0, bounds).astype(int) - spoiled).max() <= 1


def test_either_blur_is_as_likely(monkeypatch, picture):
    kinds = []
    for kind in ("gaussian_blur", "motion_blur"):
        monkeypatch.setattr(degradation_stages, kind, lambda image, *_, kind=kind: kinds.append(kind) or image)
    for seed in range(400):
        blur(picture, np.random.default_rng(seed), 1.0, (3.0, 8.0))
    assert 160 < Counter(kinds)["motion_blur"] < 240


def test_noise_has_the_published_kinds_and_strengths():
    """Mean absolute values of what is added: of a normal variable 0.798 sigma, of Laplace's its scale."""
    plain = np.full((96, 96, 3), 128, np.uint8)
    published = {0: ((20, 40), np.sqrt(2 / np.pi)), 1: ((20, 40), 1.0), 2: ((15, 30), 1.0)}
    kinds = Counter()
    for seed in range(150):
        rng = Recording(seed)
        added = noise(plain, rng, 1.0, (20.0, 40.0)).astype(float) - 128
        (_, kind), (*bounds, strength) = rng.asked
        kinds[kind] += 1
        wanted, factor = published[kind]
        assert tuple(bounds) == wanted
        assert np.abs(added).mean() == pytest.approx(factor * strength, rel=0.06)
        assert abs(added.mean()) < 1.5
        if kind == 2:  # a number around lambda with either sign: hardly a pixel stays as it was
            assert np.abs(added).std() == pytest.approx(np.sqrt(strength), rel=0.05)
    assert min(kinds[kind] for kind in published) > 30


def test_resolution_is_lost_and_regained_by_cubic_interpolation(picture):
    half = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_CUBIC)
    expected = cv2.resize(half, (128, 128), interpolation=cv2.INTER_CUBIC)
    assert np.array_equal(lose_resolution(picture, np.random.default_rng(0), 1.0, (2.0, 2.0)), expected)


@pytest.mark.parametrize("seed", range(6))
def test_a_blind_degradation_draws_in_the_ranges_given_and_goes_in_order(picture, spy, monkeypatch, seed):
    order = []
    for name in ("filter2D", "resize", "imencode"):
        function = getattr(cv2, name)
        monkeypatch.setattr(
            cv2,
            name,
            lambda *args, name=name, function=function, **o: order.append((name, args, o)) or function(*args, **o),
        )
    rng = Recording(seed)
    image = cv2.resize(picture, (512, 512))
    order.clear()
    spoiled = degradation_stages.blind(
        image, rng, 1.0, sigma_px=(2.0, 5.0), shrink=(2.0, 4.0), noise_sigma=(8.0, 9.0), quality=(40, 60)
    )
    assert spoiled.shape == image.shape
    (blurred, down, packed, up) = order
    assert [name for name, _, _ in order] == ["filter2D", "resize", "imencode", "resize"]
    asked = [(low, high) for low, high, _ in rng.asked]
    isotropic = asked == [(2.0, 5.0), (2.0, 4.0), (8.0, 9.0), (40, 60)]
    assert isotropic or asked == [(2.0, 5.0), (2.0, 5.0), (-np.pi, np.pi), (2.0, 4.0), (8.0, 9.0), (40, 60)]
    *_, shrink, sigma, quality = (value for _, _, value in rng.asked)
    kernel = blurred[1][2]
    assert kernel.shape == (41, 41)
    assert blurred[2]["borderType"] == cv2.BORDER_REFLECT_101
    spread = np.square(np.arange(41) - 20)
    variances = [axis[2] ** 2 for axis in rng.asked[: 1 if isotropic else 2]]
    assert kernel.sum() == pytest.approx(1)
    total = (kernel.sum(0) @ spread) + (kernel.sum(1) @ spread)
    assert total == pytest.approx(2 * variances[0] if isotropic else sum(variances), rel=0.02)
    assert down[1][1] == (int(512 // shrink),) * 2
    assert (down[2], up[2]) == ({"interpolation": cv2.INTER_LINEAR},) * 2
    assert packed[1][2][1] == int(quality)
    reduced = cv2.resize(
        cv2.filter2D(image.astype(np.float32), -1, kernel, borderType=cv2.BORDER_REFLECT_101), down[1][1]
    )
    noisy = packed[1][1][..., ::-1].astype(float)
    inside = (reduced > 40) & (reduced < 215)
    assert (noisy - reduced)[inside].std() == pytest.approx(sigma, rel=0.05)


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
    assert (lose_resolution(image, np.random.default_rng(0), size / 128, (2.0, 2.0)) == 77).all()


@pytest.mark.parametrize("size", [16, 40, 128])
@pytest.mark.parametrize("name", STAGES)
def test_every_stage_works_at_its_limits(name, size):
    image = np.random.default_rng(0).integers(0, 256, (size, size + 8, 3), dtype=np.uint8)
    stage = STAGES[name]
    for pick in (lambda r: (r.least, r.least), lambda r: (r.most, r.most), lambda r: (r.least, r.most)):
        for seed in range(3):
            bounds = [pick(limits) for limits in stage.ranges]
            spoiled = stage.apply(image, np.random.default_rng(seed), size / stage.size_px, *bounds)
            assert (spoiled.shape, spoiled.dtype) == (image.shape, np.uint8)


@given(st.integers(1, 100), st.integers(1, 100), st.integers(0, 99))
def test_jpeg_qualities_lie_in_the_range(one, other, seed):
    low, high = sorted((one, other))
    rng = Recording(seed)
    jpeg(np.zeros((8, 8, 3), np.uint8), rng, 1.0, (low, high))
    (first, behind, drawn) = rng.asked[0]
    assert jpeg_quality(first) == high
    assert jpeg_quality(behind - 1) == low
    assert low <= jpeg_quality(int(drawn)) <= high


def test_motion_grows_with_the_blur(picture, monkeypatch):
    asked = []
    monkeypatch.setattr(
        degradation_stages, "motion_blur", lambda image, _, __, length_px: asked.append(length_px) or image
    )
    for sigma_px in ((3.0, 8.0), (6.0, 12.0)):
        for seed in range(8):
            blur(picture, np.random.default_rng(seed), 1.0, sigma_px)
    assert set(asked) == {(10, 20), (16, 28)}


def test_grey_keeps_only_the_brightness(picture):
    spoiled = grey(picture, np.random.default_rng(0), 1.0)
    assert (spoiled == spoiled[..., :1]).all()
    assert np.abs(spoiled[..., 0] - picture @ (0.299, 0.587, 0.114)).max() < 1
