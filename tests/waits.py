"""Counts how often a computation would wait for a GPU, on the CPU: whenever a number that the GPU has is asked for.

What a GPU would have is what is computed from some tensors, the parameters say; a copy by `.cpu()` is the machine's.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_leaves

ASKING = {Tensor.tolist: "tolist", Tensor.numpy: "numpy", Tensor.cpu: "cpu"}
"""What asks for a tensor's numbers; every way to ask for a single one ends in one function of torch."""


@contextmanager
def waits_for(there: Iterable[Tensor]) -> Iterator[list[str]]:
    """List what is asked for in the block.

    Args:
        there: the tensors that a GPU has at the start.
    """
    found: list[str] = []
    with _Derived(list(there), found) as derived, _Asked(derived, found):
        yield found


class _Derived(TorchDispatchMode):
    """Follows what is computed from some tensors, by its storage."""

    def __init__(self, tensors: list[Tensor], found: list[str]) -> None:
        super().__init__()
        self._found = found
        self._kept = tensors  # so that no storage is replaced by another at the same address
        self._storages = {tensor.untyped_storage()._cdata for tensor in tensors}

    def has(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self._storages

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        inputs = [leaf for leaf in tree_leaves((args, kwargs or {})) if isinstance(leaf, Tensor)]
        if not any(map(self.has, inputs)):
            return func(*args, **(kwargs or {}))
        if func is torch.ops.aten._local_scalar_dense.default:
            self._found.append("item")
        result = func(*args, **(kwargs or {}))
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        self._kept += made
        self._storages |= {tensor.untyped_storage()._cdata for tensor in made}
        return result


class _Asked(TorchFunctionMode):
    """Sees the methods that copy a tensor's numbers without another operation."""

    def __init__(self, derived: _Derived, found: list[str]) -> None:
        super().__init__()
        self._derived, self._found = derived, found

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in ASKING and self._derived.has(args[0]):
            self._found.append(ASKING[func])
            if func is Tensor.cpu:
                with _disable_current_modes():
                    return args[0].detach().clone()
        return func(*args, **(kwargs or {}))
