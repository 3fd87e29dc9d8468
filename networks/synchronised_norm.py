"""Batch norm over the batches of all processes together, on any device.

torch.nn.SyncBatchNorm does the same, but only on GPUs. With synchronised norms, several processes compute what
one process computes for the whole batch; without them, each would normalise by its own few faces.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class SumOverProcesses(torch.autograd.Function):
    """The sum of all processes' tensors; every process gets the gradient of all their losses."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        """Add up tensors of one shape."""
        total = values.contiguous().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Add up the gradients."""
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


class SynchronisedBatchNorm(nn.BatchNorm2d):
    """Batch norm whose means and variances in training are those of all processes' batches, all of one size.

    Attributes:
        apart: normalise by the own batch alone, as if there were no other processes.
    """

    apart = False

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (B, C, H, W)."""
        if not self.training or self.apart:
            return super().forward(input)
        count = input.numel() // input.shape[1] * dist.get_world_size()
        mean = SumOverProcesses.apply(input.float().sum((0, 2, 3))) / count
        centred = input.float() - mean.view(-1, 1, 1)
        variance = SumOverProcesses.apply(centred.square().sum((0, 2, 3))) / count
        self._track(mean.detach(), variance.detach() * count / max(count - 1, 1))
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale.view(-1, 1, 1) + self.bias.view(-1, 1, 1)).to(input.dtype)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            raise AssertionError("the networks' batch norms track their statistics")
        self.num_batches_tracked.add_(1)
        momentum = self.momentum if self.momentum is not None else 1 / int(self.num_batches_tracked)
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance, momentum)


def synchronise_norms(network: nn.Module) -> None:
    """Replace every batch norm by a synchronised one with its parameters and its name.

    Args:
        network: changed in place, before its parameters are given to an optimizer.
    """
    for module in network.modules():
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                setattr(module, name, _synchronised(child))


@contextmanager
def unsynchronised_norms(network: nn.Module) -> Iterator[None]:
    """Inside the block, processes that all run the same batches have the statistics of one of them."""
    norms = [module for module in network.modules() if isinstance(module, SynchronisedBatchNorm)]
    for norm in norms:
        norm.apart = True
    try:
        yield
    finally:
        for norm in norms:
            norm.apart = False


def _synchronised(norm: nn.BatchNorm2d) -> nn.Module:
    if norm.weight.is_cuda:
        return nn.SyncBatchNorm.convert_sync_batchnorm(norm)
    synchronised = SynchronisedBatchNorm(norm.num_features, norm.eps, norm.momentum)
    synchronised.weight, synchronised.bias = norm.weight, norm.bias
    synchronised.running_mean, synchronised.running_var = norm.running_mean, norm.running_var
    synchronised.num_batches_tracked = norm.num_batches_tracked
    return synchronised.train(norm.training)
