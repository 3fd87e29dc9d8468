"""The weights of a narrower network, out of those of the whole one: what its layers run with as slices of those."""

from collections.abc import Sequence

from torch import Tensor

from ..genotypes.backbone import Backbone
from ..genotypes.space import OUTPUT_NODES
from .nested import Parts, first_channels
from .operations import ConvNormReLU
from .path import Head
from .resampling import ResizingConvNormReLU
from .restorer import Restorer


def parts_of(network: Restorer) -> dict[str, Parts]:
    """Of how many parts the channels before and after each layer consist, by the layer's name, where it isn't one."""
    found: dict[str, Parts] = {"fusion_output.0": (OUTPUT_NODES, 1)}
    for name, module in network.named_modules():
        if isinstance(module, ConvNormReLU | ResizingConvNormReLU):
            found |= {f"{name}.conv": module.parts, f"{name}.bn": (1, module.parts[1])}
        elif isinstance(module, Head):
            found[f"{name}.last"] = (OUTPUT_NODES, OUTPUT_NODES)
    return found


def may_be_slice(name: str, backbone: Backbone) -> bool:
    """Whether a tensor of a network with that backbone may be narrower than that of the whole network."""
    narrow = {"redistill": backbone.redistill, "fusion_output": backbone.fusion, "paths.fusion": backbone.fusion}
    narrow |= dict.fromkeys(("conv_up", "conv_hr", "conv_last"), backbone.restore)
    return any(name.startswith(f"{layers}.") and (share or 1.0) < 1 for layers, share in narrow.items())


def slice_of(whole: Tensor, shape: Sequence[int], parts: Parts) -> Tensor | None:
    """The first channels of a layer's parameter or statistics.

    Args:
        whole: that of the whole network.
        shape: that of the narrower network.
        parts: of which the channels before and after the layer consist.

    Returns:
        A tensor of that shape; None if it is no slice of the whole one.
    """
    if whole.ndim != len(shape) or any(a < b for a, b in zip(whole.shape, shape, strict=True)):
        return None
    for dim, count in enumerate(parts[::-1][: whole.ndim]):  # channels after the layer come first
        whole = first_channels(whole, shape[dim], count, dim)
    return whole if whole.shape == tuple(shape) else None
