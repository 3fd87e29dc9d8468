"""Several candidate convolutions of the same features as one: the same numbers, in fewer and larger operations.

The weighted results w * relu(norm(conv(x))) of convolutions with the same kernel are computed with their kernels
stacked. As w is not negative it can be multiplied into the norm's scale and shift: w * relu(y) = relu(w * y). Each norm
keeps its own parameters and running statistics. Only where w is exactly 0 is its gradient another one, 0; a softmax
multiplies the gradient by w, so its logits get the same.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..networks.cell import Weight
from ..networks.operations import ConvNormReLU


class WideConvolution(NamedTuple):
    """Operations with the same kernel and width, and the weight () of each, not negative."""

    operations: list[ConvNormReLU]
    weights: list[Tensor]

    def __call__(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B _ H W"]:
        """Map (B, C, H, W) to the operations' weighted results side by side, (B, N * C, H, W) for N operations."""
        convolutions = [operation.conv for operation in self.operations]
        first = convolutions[0]
        if len(convolutions) == 1:
            y = first(x)
        else:
            y = F.conv2d(
                x, torch.cat([conv.weight for conv in convolutions]), None, first.stride, first.padding, first.dilation
            )
        norms = [operation.bn for operation in self.operations]
        factors = torch.stack(self.weights)[:, None]
        scale = (torch.stack([norm.weight for norm in norms]) * factors).flatten()
        shift = (torch.stack([norm.bias for norm in norms]) * factors).flatten()
        return F.relu(_normalised(y, norms, scale, shift), inplace=True)


def as_wide(
    operations: Sequence[nn.Module], weights: Sequence[Weight], x: Float[Tensor, "B C H W"]
) -> WideConvolution | None:
    """Operations of one name and their weights as one wide convolution, or None if they have to run one by one.

    Kernels larger than the features of a face run one by one, as stacked copies of them would take more memory than the
    features that are saved. A weight that is a plain number stands for a choice that was made: little runs then, and
    the operations run as the fixed network's do. A norm that is synchronised between processes, has no statistics, or
    averages them without momentum, has to see its own channels alone.
    """
    tensors = [weight for weight in weights if isinstance(weight, Tensor)]
    ordinary = [
        operation for operation in operations if isinstance(operation, ConvNormReLU) and _is_ordinary(operation.bn)
    ]
    if not operations or len(tensors) < len(operations) or len(ordinary) < len(operations):
        return None
    if ordinary[0].conv.weight.numel() > x.shape[1:].numel():
        return None
    return WideConvolution(ordinary, tensors)


def _is_ordinary(norm: nn.Module) -> bool:
    return type(norm) is nn.BatchNorm2d and norm.momentum is not None and norm.running_mean is not None


def _normalised(y: Tensor, norms: Sequence[nn.BatchNorm2d], scale: Tensor, shift: Tensor) -> Tensor:
    """Normalise the channels of all norms at once, (B, N * C, H, W); each norm's running statistics are kept."""
    means = [norm.get_buffer("running_mean") for norm in norms]
    variances = [norm.get_buffer("running_var") for norm in norms]
    mean, variance = torch.cat(means), torch.cat(variances)
    training = norms[0].training
    y = F.batch_norm(y, mean, variance, scale, shift, training, norms[0].momentum or 0.0, norms[0].eps)
    if training:
        with torch.no_grad():
            for own, now in zip(
                [*means, *variances], [*mean.chunk(len(norms)), *variance.chunk(len(norms))], strict=True
            ):
                own.copy_(now)
            for norm in norms:
                norm.get_buffer("num_batches_tracked").add_(1)
    return y
