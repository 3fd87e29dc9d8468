"""How fast a machine computes convolutions: what the speed of a network is a share of."""

import time

import torch
import torch.nn.functional as F

SHAPES = ((64, 64, 3, 128), (192, 192, 3, 64), (96, 96, 7, 64))
"""Input channels, output channels, kernel and side of the maps of the convolutions that are tried."""

AT_LEAST_SECONDS = 0.05
"""Of computing for each of them."""


def convolution_rate(device: torch.device, dtype: torch.dtype = torch.float32) -> float:
    """The highest rate in FLOP/s (a multiplication and an addition count as two), over shapes and memory layouts.

    Args:
        device: where to compute.
        dtype: number format of inputs and weights.
    """
    best = 0.0
    for inputs, outputs, kernel, side in SHAPES:
        for layout in (torch.contiguous_format, torch.channels_last):
            x = torch.rand(1, inputs, side, side, device=device, dtype=dtype).to(memory_format=layout)
            weight = torch.rand(outputs, inputs, kernel, kernel, device=device, dtype=dtype).to(memory_format=layout)
            best = max(best, 2 * weight.numel() * side**2 / _seconds(x, weight, kernel // 2))
    return best


@torch.inference_mode()
def _seconds(x: torch.Tensor, weight: torch.Tensor, padding: int) -> float:
    """The shortest time of one convolution, after one to warm up."""
    F.conv2d(x, weight, padding=padding)
    shortest, began = float("inf"), time.perf_counter()
    while time.perf_counter() - began < AT_LEAST_SECONDS:
        start = time.perf_counter()
        F.conv2d(x, weight, padding=padding)
        if x.is_cuda:
            torch.cuda.synchronize()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest
