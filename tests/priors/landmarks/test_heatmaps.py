import numpy as np
import pytest
import torch
from mfps.priors.landmarks.heatmaps import draw_heatmaps


def test_heatmaps_peak_at_their_points():
    points = torch.tensor([[[3.0, 9.0], [float("nan"), 4.0], [15.0, 0.0]]])
    maps = draw_heatmaps(points, 16)
    assert maps.shape == (1, 3, 16, 16)
    assert maps[0, 0].argmax() == 9 * 16 + 3
    assert maps[0, 0, 9, 3] == 1
    assert maps[0, 1].abs().sum() == 0
    assert maps[0, 2, 0, 15] == 1


def test_sigma_is_in_pixels_and_scales_with_the_size():
    points = torch.full((1, 1, 2), 64.0)
    assert draw_heatmaps(points, 128)[0, 0, 64, 66].item() == pytest.approx(np.exp(-0.5 * (2 / 1.5) ** 2))
    assert torch.equal(draw_heatmaps(points, 128), draw_heatmaps(points, 128, sigma_px=1.5))
    double = draw_heatmaps(2 * points, 256)[0, 0, ::2, ::2]
    assert torch.allclose(double, draw_heatmaps(points, 128)[0, 0])
