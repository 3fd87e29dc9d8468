"""The state of a training, as tensors and JSON: modules, optimizers, random generators. Restoring it is bit-exact."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..errors import MfpsError

Parts = Mapping[str, nn.Module | Optimizer]
"""The modules and optimizers of a run, by name."""


def capture_state(parts: Parts) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Copy the state of modules, optimizers and all random generators.

    Args:
        parts: by name.

    Returns:
        Tensors by name, on the CPU, and JSON data.
    """
    tensors: dict[str, Tensor] = {}
    state: dict[str, Any] = {}
    for name, part in parts.items():
        if isinstance(part, nn.Module):
            tensors |= {f"{name}.{key}": value for key, value in part.state_dict().items()}
            continue
        dumped = part.state_dict()
        numbers: dict[str, dict[str, Any]] = {}
        for index, values in dumped["state"].items():
            for key, value in values.items():
                if isinstance(value, Tensor):
                    tensors[f"{name}.{index}.{key}"] = value
                else:
                    numbers.setdefault(str(index), {})[key] = value
        state[name] = {"numbers": numbers, "groups": dumped["param_groups"]}
    generators, state["random"] = _capture_generators()
    # Copies: safetensors does not store one memory under two names, and training continues.
    return {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in tensors.items()
    } | (generators), state


def restore_state(parts: Parts, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Restore a captured state in place.

    Args:
        parts: the same modules and optimizers as when it was captured.
        tensors: the captured tensors.
        state: the captured JSON data.

    Raises:
        MfpsError: the state does not fit the parts.
    """
    try:
        for name, part in parts.items():
            if isinstance(part, nn.Module):
                part.load_state_dict({key: tensors[f"{name}.{key}"] for key in part.state_dict()})
            else:
                part.load_state_dict(_optimizer_state(name, part, tensors, state[name]))
        _restore_generators(tensors, state["random"])
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        problem = str(error).splitlines()[0]
        raise MfpsError(f"the checkpoint is not of this network ({problem}); start again with `overwrite`") from None


@contextmanager
def kept_generators() -> Iterator[None]:
    """After the block, all random generators are as they were before it."""
    tensors, state = _capture_generators()
    try:
        yield
    finally:
        _restore_generators(tensors, state)


def _optimizer_state(
    name: str, optimizer: Optimizer, tensors: Mapping[str, Tensor], state: Mapping[str, Any]
) -> dict[str, Any]:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    options = [set(group) for group in optimizer.param_groups]
    if [set(group) for group in state["groups"]] != options:
        raise ValueError(f"other options of {name}")
    values: dict[int, dict[str, Any]] = {int(index): dict(numbers) for index, numbers in state["numbers"].items()}
    prefix = f"{name}."
    for key, tensor in tensors.items():
        index, dot, slot = key.removeprefix(prefix).partition(".")
        if key.startswith(prefix) and dot and index.isdecimal():
            values.setdefault(int(index), {})[slot] = _laid_out_as(parameters[int(index)], tensor)
    return {"state": values, "param_groups": state["groups"]}


def _laid_out_as(parameter: Tensor, tensor: Tensor) -> Tensor:
    """A tensor in its parameter's memory order.

    In another order an element may be computed by another instruction, and so be rounded differently.
    """
    if not tensor.shape:  # a count of steps
        return tensor
    if tensor.shape != parameter.shape:
        raise ValueError(f"{tuple(tensor.shape)} where {tuple(parameter.shape)} should be")
    return torch.empty_like(parameter, dtype=tensor.dtype, device="cpu", requires_grad=False).copy_(tensor)


def _capture_generators() -> tuple[dict[str, Tensor], dict[str, Any]]:
    kind, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    tensors = {"random.torch": torch.get_rng_state(), "random.numpy": torch.from_numpy(np.asarray(keys, np.int64))}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        tensors |= {f"random.cuda.{i}": state for i, state in enumerate(torch.cuda.get_rng_state_all())}
    return tensors, {"numpy": [kind, position, has_gauss, gauss], "python": random.getstate()}


def _restore_generators(tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    torch.set_rng_state(tensors["random.torch"])
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        for i in range(torch.cuda.device_count()):
            if f"random.cuda.{i}" in tensors:
                torch.cuda.set_rng_state(tensors[f"random.cuda.{i}"], i)
    kind, position, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, tensors["random.numpy"].numpy().astype(np.uint32), position, has_gauss, gauss))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
