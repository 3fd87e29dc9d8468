"""The stages that degrade a face (blur, noise, JPEG and others), and the table of them.

Each takes a uint8 (H, W, 3) RGB picture, a random generator, `scale` and the ranges that the table lists, and returns a
uint8 picture of the same shape. The stage's lengths in pixels are multiplied by `scale`: the picture's size divided by
the size for which these lengths are given.

Source: the published MFPSNet training data, unless a stage says otherwise.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np

from .step import Bounds, Range, Stage

_BORDER = cv2.BORDER_REFLECT_101


def grey(image: np.ndarray, rng: np.random.Generator, scale: float) -> np.ndarray:
    """The picture without its colours (ITU-R BT.601 luma). `rng` and `scale` are not used."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def blur(image: np.ndarray, rng: np.random.Generator, scale: float, sigma_px: Bounds) -> np.ndarray:
    """Gaussian or motion blur, with equal probability.

    The motion is 2 sigma + 4 pixels long, so that it grows with the Gaussian: the published 10 to 20 pixels correspond
    to the published sigma of 3 to 8.
    """
    if rng.random() < 0.5:
        return gaussian_blur(image, rng, scale, sigma_px)
    shortest, longest = (round(2 * sigma + 4) for sigma in sigma_px)
    return motion_blur(image, rng, scale, (shortest, longest))


def gaussian_blur(image: np.ndarray, rng: np.random.Generator, scale: float, sigma_px: Bounds) -> np.ndarray:
    """Isotropic Gaussian blur."""
    drawn = rng.uniform(*sigma_px)
    side = gaussian_kernel_side(drawn, scale)
    return cv2.GaussianBlur(image, (side, side), drawn * scale, borderType=_BORDER)


def gaussian_kernel_side(sigma_px: float, scale: float) -> int:
    """Odd side of the Gaussian kernel: 2.9 sigma if sigma is below 5, else 2.6 sigma; at least 5; times `scale`."""
    factor = 2.9 if sigma_px < 5 else 2.6
    return _odd(int(max(factor * sigma_px, 5) * scale))


def motion_blur(image: np.ndarray, rng: np.random.Generator, scale: float, length_px: tuple[int, int]) -> np.ndarray:
    """Motion blur along a line at any angle; its length in pixels is drawn, both bounds included."""
    length = _odd(max(int(rng.integers(length_px[0], length_px[1] + 1) * scale), 3))
    direction = (rng.uniform(-1, 1) + 1) / 2
    return cv2.filter2D(image, -1, motion_kernel(length, direction, rng.uniform(0, 360)), borderType=_BORDER)


def motion_kernel(length: int, direction: float, angle_deg: float) -> np.ndarray:
    """A line through the middle of a (length, length) kernel, rotated; float32, sum 1.

    Args:
        length: odd number of pixels, at least 3.
        direction: weights run linearly from `direction` to 1 - `direction` along the line, in [0, 1].
        angle_deg: rotation from the vertical.
    """
    kernel = np.zeros((length, length), np.float32)
    kernel[:, length // 2] = np.linspace(direction, 1 - direction, length)
    middle = (length - 1) / 2
    rotation = cv2.getRotationMatrix2D((middle, middle), angle_deg, 1)
    kernel = cv2.warpAffine(kernel, rotation, (length, length), flags=cv2.INTER_LINEAR)
    return kernel / kernel.sum()


def noise(image: np.ndarray, rng: np.random.Generator, scale: float, strength: Bounds) -> np.ndarray:
    """Gaussian, Laplace or signed Poisson noise, with equal probability, independent per pixel and channel.

    The strength is the Gaussian's sigma and the Laplace distribution's scale; Poisson's lambda is three quarters of it.
    All are on the 0..255 scale. `scale` is not used: noise has no length.
    """
    kind = rng.integers(3)
    if kind == 0:
        return _to_uint8(image + rng.uniform(*strength) * rng.standard_normal(image.shape, np.float32))
    # A Laplace variable is an exponential one with a random sign; drawn in single precision it takes half the time.
    if kind == 1:
        size = np.float32(rng.uniform(*strength)) * rng.standard_exponential(image.shape, np.float32)
    else:
        size = rng.poisson(rng.uniform(0.75 * strength[0], 0.75 * strength[1]), image.shape)
    sign = 2 * rng.integers(0, 2, image.shape, np.int8) - 1
    return _to_uint8(image + sign * size)


def jpeg(image: np.ndarray, rng: np.random.Generator, scale: float, quality: tuple[int, int]) -> np.ndarray:
    """JPEG at a quality between two bounds, both included. `scale` is not used.

    As published, the compression is drawn uniformly, not the quality: 50 to 85, which is quality 51 down to 17.
    """
    compressions = [c for c in range(102) if quality[0] <= jpeg_quality(c) <= quality[1]]
    return jpeg_round_trip(image, jpeg_quality(int(rng.integers(compressions[0], compressions[-1] + 1))))


def jpeg_quality(compression: int) -> int:
    """Quality (1..100) of a compression in 0..101: round(1 + 99 (1 - c / 101))."""
    return round(1 + 99 * (1 - compression / 101))


def lose_resolution(image: np.ndarray, rng: np.random.Generator, scale: float, factor: Bounds) -> np.ndarray:
    """Shrink by a factor and enlarge again, both with cubic interpolation.

    The factor counts as a length in pixels, 2 as published: a larger picture is shrunk to the same 64 x 64 pixels, a
    smaller one to half its own size.
    """
    height, width = image.shape[:2]
    pixels = rng.uniform(*factor) * max(scale, 1.0)
    small = _resized(image, _shrunk(width, pixels), _shrunk(height, pixels), cv2.INTER_CUBIC)
    return _resized(small, width, height, cv2.INTER_CUBIC)


def blind(
    image: np.ndarray,
    rng: np.random.Generator,
    scale: float,
    sigma_px: Bounds,
    shrink: Bounds,
    noise_sigma: Bounds,
    quality: tuple[int, int],
) -> np.ndarray:
    """Blur, shrink, noise, JPEG, enlarge: the pipeline that GFPGAN and CodeFormer share, published at 512 pixels.

    Source: TencentARC/GFPGAN gfpgan/data/ffhq_degradation_dataset.py, sczhou/CodeFormer
    basicsr/data/ffhq_blind_dataset.py. Deviation: GFPGAN's colour jitter and its 1 % of grey pictures are left out, as
    they change the picture's content rather than its quality.

    Args:
        image: uint8 (H, W, 3) RGB.
        rng: draws all random values.
        scale: size of the picture divided by 512.
        sigma_px: range of the Gaussian's sigma; isotropic or anisotropic with equal probability, at any angle.
        shrink: range of the factor by which the picture is shrunk (bilinear).
        noise_sigma: range of the Gaussian noise's sigma on the 0..255 scale.
        quality: range of the JPEG quality.
    """
    height, width = image.shape[:2]
    kernel = _gaussian_kernel(rng, sigma_px, scale)
    spoiled = cv2.filter2D(image.astype(np.float32), -1, kernel, borderType=_BORDER)
    # A picture is not enlarged by more than the published 1 / 0.8: at small sizes that would only cost time.
    factor = max(rng.uniform(*shrink) * scale, min(0.8, shrink[0]))
    spoiled = _resized(spoiled, _shrunk(width, factor), _shrunk(height, factor), cv2.INTER_LINEAR)
    spoiled = _to_uint8(spoiled + rng.uniform(*noise_sigma) * rng.standard_normal(spoiled.shape, np.float32))
    spoiled = jpeg_round_trip(spoiled, int(rng.uniform(*quality)))
    return _to_uint8(_resized(spoiled.astype(np.float32), width, height, cv2.INTER_LINEAR))


def jpeg_round_trip(image: np.ndarray, quality: int) -> np.ndarray:
    """Encode and decode a uint8 RGB picture as JPEG with 4:2:0 chroma."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    ]
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    assert done
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)


def _gaussian_kernel(rng: np.random.Generator, sigma_px: tuple[float, float], scale: float) -> np.ndarray:
    isotropic = rng.random() < 0.5
    along = rng.uniform(*sigma_px) * scale
    across = along if isotropic else rng.uniform(*sigma_px) * scale
    angle = 0.0 if isotropic else rng.uniform(-math.pi, math.pi)
    half = _odd(round(41 * scale)) // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    u, v = math.cos(angle) * x + math.sin(angle) * y, math.cos(angle) * y - math.sin(angle) * x
    kernel = np.exp(-0.5 * ((u / along) ** 2 + (v / across) ** 2))
    return kernel / kernel.sum()


def _shrunk(length: int, factor: float) -> int:
    return max(int(length // factor), 1)


def _resized(image: np.ndarray, width: int, height: int, interpolation: int) -> np.ndarray:
    return cv2.resize(image, (width, height), interpolation=interpolation)


def _odd(length: int) -> int:
    return length + 1 - length % 2


def _to_uint8(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


_SIGMA = Range("sigma", "pixels at 128 px", 0.1, 32.0, (3.0, 8.0))
_BLIND = (
    Range("sigma", "pixels at 512 px", 0.1, 100.0, (0.1, 10.0)),
    Range("shrink", "times smaller at 512 px", 0.8, 64.0, (0.8, 8.0)),
    Range("noise", "on the 0..255 scale", 0.0, 128.0, (0.0, 20.0)),
    Range("quality", "100 is best", 1, 100, (60, 100), whole=True),
)

STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        "blur": Stage(blur, (_SIGMA,)),
        "gaussian": Stage(gaussian_blur, (_SIGMA,)),
        "motion": Stage(motion_blur, (Range("length", "whole pixels at 128 px", 1, 64, (10, 20), whole=True),)),
        "noise": Stage(noise, (Range("strength", "on the 0..255 scale", 0.0, 128.0, (20.0, 40.0)),)),
        "jpeg": Stage(jpeg, (Range("quality", "100 is best", 1, 100, (17, 51), whole=True),)),
        "lowres": Stage(lose_resolution, (Range("factor", "times smaller at 128 px", 1.0, 64.0, (2.0, 2.0)),)),
        "grey": Stage(grey),
        "blind": Stage(blind, _BLIND, size_px=512),
    }
)
"""Every stage, by its name in a text."""
