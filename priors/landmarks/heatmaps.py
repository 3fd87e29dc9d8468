"""Heatmaps drawn from landmarks.

Shapes: B batch, K points, size pixels. Coordinates are x, y in pixels, 0 at the centre of the first pixel.
"""

import torch
from jaxtyping import Float
from torch import Tensor

SIGMA_PX_AT_128 = 1.5
"""Standard deviation of a landmark's Gaussian on a 128-pixel face, in pixels."""


def draw_heatmaps(
    points: Float[Tensor, "B K 2"], size: int, sigma_px: float | None = None
) -> Float[Tensor, "B K size size"]:
    """One Gaussian per landmark: 1 at the point, falling off around it.

    Args:
        points: x and y in pixels of the (size, size) picture, on any device; NaN where a point is missing. Of a point
            outside, the part of its Gaussian that reaches inside is drawn.
        size: side of the maps in pixels.
        sigma_px: standard deviation; by default 1.5 pixels at 128, scaled with the size.

    Returns:
        Values in [0, 1]; an all-zero channel for a missing point.
    """
    sigma = SIGMA_PX_AT_128 * size / 128 if sigma_px is None else sigma_px
    axis = torch.arange(size, dtype=points.dtype, device=points.device)
    # A Gaussian is a product of two one-dimensional ones: K * 2 * size exponentials instead of K * size * size.
    profiles = torch.exp(-0.5 * ((axis - points[..., None]) / sigma) ** 2).nan_to_num(nan=0.0)
    return profiles[..., 1, :, None] * profiles[..., 0, None, :]
