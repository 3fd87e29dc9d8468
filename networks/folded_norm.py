"""Batch norms folded into the convolutions before them: fewer operations and the same pictures, for running only."""

import copy
from itertools import pairwise
from typing import TypeGuard

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .doubling_convolution import DoublingConvolution


def fold_norms(network: nn.Module, transposed: bool = True) -> nn.Module:
    """A copy of a network, in eval mode, whose batch norms are part of the convolutions that they follow.

    A norm follows a convolution if it is registered right after it in the same module, as in `ConvNormReLU`. Others
    are left as they are, as is a norm without running statistics. Fold in float32 and convert afterwards: in a narrower
    format the products would be rounded once more.

    Args:
        network: any network, in any mode; it is not changed.
        transposed: a `DoublingConvolution` becomes the transposed convolution that it is; else an enlargement and a
            plain convolution, for which there are kernels of 8 bits.

    Returns:
        The copy. Its parameters take no gradient, and its state dict has other keys: it is for running, not for
        saving or training.
    """
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(folded.modules()):
        for (name, conv), (norm_name, norm) in pairwise(module.named_children()):
            if isinstance(conv, nn.Conv2d) and _is_fixed_norm(norm):
                setattr(module, name, fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, nn.Identity())
        for name, child in module.named_children():
            if isinstance(child, DoublingConvolution):
                setattr(module, name, child.as_transposed() if transposed else child.as_drawn())
    return folded


def _is_fixed_norm(module: nn.Module) -> TypeGuard[nn.BatchNorm2d | nn.SyncBatchNorm]:
    """Whether a module is a batch norm that in eval mode is a scale and a shift of each channel."""
    return isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm) and module.running_mean is not None
