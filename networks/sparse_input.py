"""Convolutions over a map that is zero outside a few boxes: the same result for a fraction of the work.

The dictionary's map is zero outside the parts of the face, and the convolutions that bring it to its branch's width
have no activation between them. So they are one linear map plus what an empty map gives: each box goes through one
larger kernel, composed of theirs, and the rest is that of an empty map. Together they are 18 % of the published
network's FLOPs. Results and gradients are the same up to rounding.

Shapes: B batch, C channels, H and W pixels.
"""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

MOST_BOXES = 16
"""More boxes than this in a face are not worth the overhead."""

WORTHWHILE = 0.7
"""The boxes are used if they take at most this share of the multiplications."""


Rectangle = tuple[slice, slice]
"""Rows and columns."""


class Box(NamedTuple):
    """A rectangle of one map of a batch, outside of which it is zero up to the next box."""

    item: int
    rows: slice
    columns: slice


def convolve_sparse(convs: nn.Sequential, x: Float[Tensor, "B _ H W"]) -> Float[Tensor, "B _ H W"]:
    """What `convs(x)` is, computed in boxes where most of `x` is zero and it runs on a processor.

    Args:
        convs: `nn.Conv2d` with odd, square kernels, bias, stride 1 and zero padding that keeps the size.
        x: the map. Where it is to be exported, or on a GPU, where looking for boxes would stop the computation, the
            convolutions run as they are.
    """
    exported = torch.compiler.is_compiling() or torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    if exported or x.device.type != "cpu" or not x.numel():
        return convs(x)
    layers = [conv for conv in convs if isinstance(conv, nn.Conv2d)]
    reach = sum(conv.kernel_size[0] // 2 for conv in layers)
    found = boxes_of(x)
    # A box near the border would need the intermediate maps' zero padding; there the plain way is taken.
    height, width = x.shape[-2:]
    inside = found is not None and all(
        min(box.rows.start, box.columns.start) >= reach - 1
        and height - box.rows.stop >= reach - 1
        and width - box.columns.stop >= reach - 1
        for box in found
    )
    if found is None or not inside or _work(found, layers, reach) > WORTHWHILE * _plain_work(x, layers):
        return convs(x)
    with torch.autocast(x.device.type, enabled=False):  # rounding composed kernels would round twice
        kernel = reduce(compose, (conv.weight.float() for conv in layers)).to(x.dtype)
        result = empty_response(convs, len(x), height, width, reach)
    boxes = found or [Box(0, slice(height // 2, height // 2 + 1), slice(width // 2, width // 2 + 1))]
    # Without a box the first kernel would have no gradient, where it has one of zeros.
    for box in boxes:
        part = F.conv2d(x[box.item : box.item + 1, :, box.rows, box.columns], kernel, padding=2 * reach)
        top, left = box.rows.start - reach, box.columns.start - reach
        bottom, right = box.rows.stop + reach, box.columns.stop + reach
        part = part[..., max(-top, 0) : part.shape[-2] - max(bottom - height, 0), :]
        part = part[..., max(-left, 0) : part.shape[-1] - max(right - width, 0)]
        result[box.item : box.item + 1, :, max(top, 0) : bottom, max(left, 0) : right] += part
    return result


def boxes_of(x: Float[Tensor, "B _ H W"]) -> list[Box] | None:
    """The boxes outside of which a map is zero, disjoint in each item; None if there are too many.

    Args:
        x: the map, on the CPU.
    """
    from scipy import ndimage  # only here, as importing networks is to be quick

    filled = (x.detach() != 0).any(1).numpy()
    found: list[Box] = []
    for item, mask in enumerate(filled):
        if not mask.any():
            continue
        labelled, count = ndimage.label(mask, np.ones((3, 3)))  # pyright: ignore[reportGeneralTypeIssues]
        if count > MOST_BOXES:
            return None
        found += [Box(item, rows, columns) for rows, columns in _disjoint(ndimage.find_objects(labelled))]
    return found


def compose(first: Float[Tensor, "M I _ _"], then: Float[Tensor, "O M _ _"]) -> Float[Tensor, "O I _ _"]:
    """The kernel of a convolution that does what two do, one after the other.

    Args:
        first: kernel of the first.
        then: kernel of the second.
    """
    return F.conv2d(first.transpose(0, 1), then.flip(2, 3), padding=then.shape[-1] - 1).transpose(0, 1)


def empty_response(convs: nn.Sequential, batch: int, height: int, width: int, reach: int) -> Float[Tensor, "B _ H W"]:
    """What the convolutions make of an empty map: the same everywhere, except near the border.

    Args:
        convs: see `convolve_sparse`.
        batch: B of the result.
        height: of the map, at least twice the reach.
        width: likewise.
        reach: how far a pixel's influence goes, in pixels.
    """
    first = next(conv for conv in convs if isinstance(conv, nn.Conv2d))
    side = 2 * reach + 1
    small = convs(first.weight.new_zeros(1, first.in_channels, side, side))

    def stretched(length: int) -> Tensor:
        places = torch.arange(length)
        return torch.minimum(places, torch.tensor(reach)) + (places - (length - reach - 1)).clamp(min=0)

    rows, columns = stretched(height), stretched(width)
    layout = torch.channels_last if first.weight.is_contiguous(memory_format=torch.channels_last) else None
    whole = small[:, :, rows][..., columns].repeat(batch, 1, 1, 1)
    return whole if layout is None else whole.contiguous(memory_format=layout)


def _disjoint(boxes: Sequence[Rectangle]) -> list[Rectangle]:
    """Boxes that overlap are replaced by one around both."""
    apart: list[Rectangle] = []
    for box in boxes:
        grown = box
        while touching := [other for other in apart if _overlap(grown, other)]:
            apart = [other for other in apart if other not in touching]
            rows, columns = zip(grown, *touching, strict=True)
            grown = _around(rows), _around(columns)
        apart.append(grown)
    return apart


def _around(parts: Sequence[slice]) -> slice:
    return slice(min(part.start for part in parts), max(part.stop for part in parts))


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return all(one.start < other.stop and other.start < one.stop for one, other in zip(a, b, strict=True))


def _plain_work(x: Tensor, layers: Sequence[nn.Conv2d]) -> int:
    """Multiplications of the convolutions as they are."""
    return len(x) * x.shape[-2] * x.shape[-1] * sum(conv.weight.numel() for conv in layers)


def _work(boxes: Sequence[Box], layers: Sequence[nn.Conv2d], reach: int) -> int:
    """Multiplications in boxes, and of composing the kernel."""
    inputs, outputs = layers[0].in_channels, layers[-1].out_channels
    area = sum(
        (box.rows.stop - box.rows.start + 2 * reach) * (box.columns.stop - box.columns.start + 2 * reach)
        for box in boxes
    )
    side, composing = layers[0].kernel_size[0], 0
    for conv in layers[1:]:
        composing += inputs * conv.weight.numel() * side**2
        side += conv.kernel_size[0] - 1
    return area * inputs * outputs * (2 * reach + 1) ** 2 + composing
