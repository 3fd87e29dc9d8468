"""What training a network needs of memory, found without it: a network without weights runs on an empty batch.

Tensors then have shapes but no memory. What is kept for the backward pass is what torch's own autograd hands over to be
kept, so that the count follows from the network's code alone.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


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


def saved_activations(
    network: nn.Module,
    run: Callable[[], Tensor],
    inputs: Iterable[Tensor],
    dtype: torch.dtype = torch.float32,
) -> int:
    """Count what autograd keeps of a forward pass.

    Args:
        network: built `WithoutWeights`, or any other.
        run: makes the pass, on empty batches (0, C, H, W) on the CPU, and returns the loss. Nothing is kept for
            parameters that need no gradient.
        inputs: these batches, which are there anyway.
        dtype: number format in which convolutions are computed.

    Returns:
        Bytes for a batch of one, of all tensors that are kept until the backward pass has used them; neither of
        parameters nor of the inputs.
    """
    there = {_storage(tensor) for tensor in (*inputs, *network.parameters(), *network.buffers())}
    kept: dict[int, Tensor] = {}  # the tensors too, so that no later one takes a storage's address

    def keep(tensor: Tensor) -> Tensor:
        if tensor.ndim == 4 and _storage(tensor) not in there:
            kept.setdefault(_storage(tensor), tensor)
        return tensor

    with _EmptyBatch(dtype), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run()
    return sum(tensor.element_size() * tensor.shape[1:].numel() for tensor in kept.values())


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


class _Operation(torch.autograd.Function):
    """Stands in for an operation: its output has the right shape, and its input is kept if the real one keeps it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, shape: tuple[int, ...]) -> Tensor:
        """Return an empty tensor of a shape."""
        if weight is not None:
            ctx.save_for_backward(x)
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
            x, weight, _bias, stride, padding, dilation = args[:6]
            sides = [
                (side + 2 * around - apart * (kernel - 1) - 1) // step + 1
                for side, kernel, step, around, apart in zip(
                    x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True
                )
            ]
            return _Operation.apply(x.to(self._dtype), weight, (0, len(weight), *sides))
        if func is F.batch_norm:
            names = "input", "running_mean", "running_var", "weight"
            given = dict(zip(names, args, strict=False)) | kwargs
            return _Operation.apply(given["input"], given["weight"], given["input"].shape)
        if func is torch.pixel_unshuffle:
            x, factor = args
            _, channels, height, width = x.shape
            return _Operation.apply(x, None, (0, channels * factor**2, height // factor, width // factor))
        return func(*args, **kwargs)
