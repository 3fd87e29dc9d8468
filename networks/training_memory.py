"""What training a network needs of memory, found without it: a network without weights runs on an empty batch.

Tensors then have shapes but no memory. What is kept for the backward pass is what torch's own autograd hands over to be
kept, so that the count follows from the network's code alone.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .empty_batch import convolved_shape, transposed_shape, unshuffled_shape


class WithoutWeights(TorchFunctionMode):
    """Inside the block, the weights of a network that is built have no memory, and no random numbers are drawn.

    Other parameters are zero. (Inside `torch.device("meta")` all would be without memory; torch then imports its
    compiler for what is computed from them, which takes a second.)
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.empty:  # of which torch makes the parameters of its layers, before it initialises them
            return func(*args, **{**kwargs, "device": "meta"})
        if func is torch.randn:
            return torch.zeros(*args, **kwargs)
        if getattr(func, "__module__", None) == nn.init.__name__:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


class Kept(NamedTuple):
    """Bytes that autograd keeps of a forward pass."""

    of_a_face: int
    """Features, for each face of a batch."""
    of_a_pass: int
    """Kernels and norms that were computed, whatever the batch."""


def saved_activations(
    network: nn.Module,
    run: Callable[[], Tensor],
    inputs: Iterable[Tensor],
    dtype: torch.dtype = torch.float32,
) -> Kept:
    """Count what autograd keeps of a forward pass.

    Args:
        network: built `WithoutWeights`, or any other.
        run: makes the pass, on empty batches (0, C, H, W) on the CPU, and returns the loss. Nothing is kept for
            parameters that need no gradient.
        inputs: these batches, which are there anyway.
        dtype: number format in which convolutions are computed.

    Returns:
        What is kept until the backward pass has used it; neither parameters nor the inputs.
    """
    there = {_storage(tensor) for tensor in (*inputs, *network.parameters(), *network.buffers())}
    kept: dict[int, Tensor] = {}  # the tensors too, so that no later one takes a storage's address

    def keep(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in there:
            kept.setdefault(_storage(tensor), tensor)
        return tensor

    with _EmptyBatch(dtype), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run()
    of_a_face = sum(each.element_size() * each.shape[1:].numel() for each in kept.values() if not each.numel())
    return Kept(of_a_face, sum(each.element_size() * each.numel() for each in kept.values()))


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


class _Operation(torch.autograd.Function):
    """Stands in for an operation: its output has the right shape, and its input is kept if the real one keeps it."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor | None, shape: tuple[int, ...], statistics: Tensor | None = None
    ) -> Tensor:
        """Return an empty tensor of a shape. A weight that was computed is kept too; parameters are there anyway."""
        if weight is not None:
            computed = () if weight.is_leaf else (weight,)
            ctx.save_for_backward(x, *computed, *(() if statistics is None else (statistics,)))
        return x.new_empty(shape)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Never called."""
        raise AssertionError("only forward passes are counted")


class _EmptyBatch(TorchFunctionMode):
    """Replaces the operations that need more than an empty batch, or weights."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self._dtype = dtype

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.conv2d:
            return _Operation.apply(args[0].to(self._dtype), args[1], convolved_shape(*args))
        if func is torch.conv_transpose2d:
            return _Operation.apply(args[0].to(self._dtype), args[1], transposed_shape(*args))
        if func is torch.stack and all(part.is_meta for part in args[0]):  # a norm's few numbers, computed with below
            parts = [torch.zeros(part.shape).requires_grad_(part.requires_grad) for part in args[0]]
            return func(parts, *args[1:], **kwargs)
        if func is F.batch_norm:
            names = "input", "running_mean", "running_var", "weight"
            given = dict(zip(names, args, strict=False)) | kwargs
            x = given["input"]
            statistics = torch.zeros(2, x.shape[1])  # the batch's mean and deviation
            return _Operation.apply(x, given["weight"], x.shape, statistics)
        if func is torch.pixel_unshuffle:
            return _Operation.apply(args[0], None, unshuffled_shape(*args))
        return func(*args, **kwargs)
