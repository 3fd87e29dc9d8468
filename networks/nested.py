"""Layers whose narrower versions are slices of one set of weights, one inside the other.

A layer that is given fewer channels than it was built for runs with the first channels of its weights alone, as if it
had been built that narrow. Where features are a concatenation of parts, as a cell's nodes are, each part is sliced.

Source: slimmable networks (Yu et al., 2019). Norms are sliced as convolutions are, statistics included; these are
re-estimated before an architecture is judged.

Legend: B batch, C and D channels, H and W pixels.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

Parts = tuple[int, int]
"""Of how many parts, one beside the other, the channels before a convolution consist, and those after it."""


def first_channels(tensor: Tensor, count: int, parts: int = 1, dim: int = 0) -> Tensor:
    """The first channels of each part of a tensor.

    Args:
        tensor: whole parameters or statistics.
        count: channels that are wanted, of all parts together; a multiple of `parts`.
        parts: of which the channels consist, all of one width.
        dim: the dimension of the channels.

    Returns:
        The tensor itself if all are wanted; a view of it if there is one part.
    """
    if count == tensor.shape[dim]:
        return tensor
    if parts == 1:
        return tensor.narrow(dim, 0, count)
    return tensor.unflatten(dim, (parts, -1)).narrow(dim + 1, 0, count // parts).flatten(dim, dim + 1)


def convolve(
    conv: nn.Module,
    x: Float[Tensor, "B C _ _"],
    out_channels: int | None = None,
    parts: Parts = (1, 1),
    **options: object,
) -> Float[Tensor, "B D _ _"]:
    """Run a convolution, or the slice of it that fits the features.

    Args:
        conv: the whole layer; what isn't a `Conv2d`, as where it was replaced, is run as it is.
        x: features with as many channels as it takes, or fewer.
        out_channels: of the result; by default as large a share as of the channels that it takes.
        parts: of which the channels consist.
        options: further arguments of the layer.
    """
    if not isinstance(conv, nn.Conv2d):
        return conv(x, **options)
    if out_channels is None:
        out_channels = conv.out_channels * x.shape[1] // conv.in_channels
    if (x.shape[1], out_channels) == (conv.in_channels, conv.out_channels):
        return conv(x, **options)
    before, after = parts
    weight = first_channels(conv.weight, out_channels, after)
    bias = None if conv.bias is None else first_channels(conv.bias, out_channels, after)
    if conv.groups > 1:  # each channel by itself
        return nn.functional.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, groups=out_channels)
    weight = first_channels(weight, x.shape[1], before, dim=1)
    return functional_call(conv, {"weight": weight} | ({} if bias is None else {"bias": bias}), (x,), options)


def normalise(norm: nn.Module, x: Float[Tensor, "B C H W"], parts: int = 1) -> Float[Tensor, "B C H W"]:
    """Run a batch norm, or the slice of it that fits the features; its statistics are kept.

    Args:
        norm: the whole layer; what isn't a batch norm, as where it was folded, is run as it is.
        x: features with as many channels as it has, or fewer.
        parts: of which the channels consist.
    """
    if not isinstance(norm, nn.BatchNorm2d | nn.SyncBatchNorm) or x.shape[1] == norm.num_features:
        return norm(x)
    whole = {name: tensor for name, tensor in (*norm.named_parameters(), *norm.named_buffers()) if tensor.ndim}
    sliced = {name: first_channels(tensor, x.shape[1], parts) for name, tensor in whole.items()}
    y = functional_call(norm, sliced, (x,))
    if norm.training and parts > 1:  # slices of several parts are copies
        with torch.no_grad():
            for name, _ in norm.named_buffers():
                if name in sliced:
                    own = whole[name].unflatten(0, (parts, -1))
                    own.narrow(1, 0, x.shape[1] // parts).copy_(sliced[name].unflatten(0, (parts, -1)))
    return y
