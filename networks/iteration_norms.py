"""Batch norms of each iteration's own, over convolutions that all iterations share.

The upsample branch sees the degraded face in the first iteration and a restored one in each later one. With norms that
are shared, as published, its statistics are those of both at once, and fit neither. The other branches run in later
iterations alone.
"""

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn


def with_own_norms(path: nn.Module) -> nn.Module:
    """A copy of a path with batch norms of its own; all other parameters are those of the path itself."""
    shared = {
        id(parameter): parameter
        for module in path.modules()
        if not isinstance(module, nn.BatchNorm2d)
        for parameter in module.parameters(recurse=False)
    }
    return copy.deepcopy(path, dict(shared))


def store_once(network: nn.Module, path: str, copies: Sequence[str]) -> None:
    """Keep what copies of a path share with it out of the network's state dict, and fill it in when one is loaded.

    Args:
        network: that they are part of.
        path: name of the path in the network.
        copies: names of its copies, see `with_own_norms`.
    """
    shared = {
        f"{name}.{inner}": f"{path}.{inner}"
        for name in copies
        for inner, parameter in network.get_submodule(path).named_parameters()
        if network.get_parameter(f"{name}.{inner}") is parameter
    }
    network.register_state_dict_post_hook(partial(_without_repeated, shared))
    network.register_load_state_dict_pre_hook(partial(_with_repeated, shared))


def _without_repeated(
    shared: Mapping[str, str], network: nn.Module, state: dict[str, Tensor], prefix: str, _metadata: Any
) -> None:
    own = dict(network.named_parameters(remove_duplicate=False))
    for name, first in shared.items():
        # They differ once norms are folded into them, or after `load_state_dict(assign=True)`.
        if name in own and own[name] is own.get(first):
            del state[prefix + name]


def _with_repeated(
    shared: Mapping[str, str], _network: nn.Module, state: dict[str, Tensor], prefix: str, *_about: Any
) -> None:
    for name, first in shared.items():
        if prefix + first in state:
            state.setdefault(prefix + name, state[prefix + first])
