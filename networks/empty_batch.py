"""Shapes of what operations make of an empty batch, where torch itself would need weights or at least one picture.

Networks run on empty batches to be counted: everything has its shape, and nothing is computed.
"""

from torch import Tensor


def convolved_shape(
    x: Tensor,
    weight: Tensor,
    _bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    *_: object,
) -> tuple[int, ...]:
    """The shape of what a convolution makes of (B, C, H, W); the arguments are those of `torch.conv2d`."""
    sides = [
        (side + 2 * around - apart * (kernel - 1) - 1) // step + 1
        for side, kernel, step, around, apart in zip(
            x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True
        )
    ]
    return (len(x), len(weight), *sides)


def transposed_shape(
    x: Tensor, weight: Tensor, _bias: Tensor | None, stride: int, padding: int
) -> tuple[int, int, int, int]:
    """The shape of what a transposed convolution makes of (B, C, h, w); as `torch.conv_transpose2d` is called here."""
    height, width = (
        (side - 1) * stride - 2 * padding + kernel for side, kernel in zip(x.shape[2:], weight.shape[2:], strict=True)
    )
    return len(x), weight.shape[1], height, width


def unshuffled_shape(x: Tensor, factor: int) -> tuple[int, int, int, int]:
    """The shape of (B, C, H, W) after a pixel unshuffle by a factor."""
    batch, channels, height, width = x.shape
    return batch, channels * factor**2, height // factor, width // factor
