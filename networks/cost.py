"""What a fixed network costs: parameters and FLOPs, whole and by branch."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from .restorer import Restorer


class Cost(NamedTuple):
    """Parameters, and floating-point operations for one face (a multiplication and an addition count as two)."""

    parameters: int
    flops: int


def network_cost(network: Restorer, size: int) -> dict[str, Cost]:
    """Cost of all iterations for one face of `size` x `size`: `total`, each branch's path, and `rest`.

    Counted by torch's flop counter over a run on meta tensors, so nothing is computed; convolutions count, the cheap
    element-wise operations do not.

    Args:
        network: any restorer; it is not changed.
        size: side of the face in pixels, a multiple of 8.
    """
    meta = {
        name: tensor.to("meta")
        for name, tensor in {**dict(network.named_parameters()), **dict(network.named_buffers())}.items()
    }
    priors = {
        name: torch.empty(1, channels, size, size, device="meta")
        for name, channels in network.config.prior_channels.items()
    }
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        torch.func.functional_call(network, meta, (torch.empty(1, 3, size, size, device="meta"), priors))
    flops: Mapping[str, Mapping[object, int]] = counter.get_flop_counts()
    by_branch = {
        name: Cost(_parameters(path), sum(flops.get(f"{type(network).__name__}.paths.{name}", {}).values()))
        for name, path in network.paths.items()
    }
    total = Cost(_parameters(network), counter.get_total_flops())
    rest = Cost(
        total.parameters - sum(cost.parameters for cost in by_branch.values()),
        total.flops - sum(cost.flops for cost in by_branch.values()),
    )
    return {"total": total, **by_branch, "rest": rest}


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
