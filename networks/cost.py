"""What a fixed network costs: parameters and FLOPs, in total and by branch."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .empty_batch import convolved_shape, transposed_shape, unshuffled_shape
from .hand_made import HandMadeRestorer
from .restorer import Restorer


class Cost(NamedTuple):
    """Parameters; floating-point operations for one face (a multiplication and an addition count as two); time.

    The time is in nanoseconds for one face, as a table of latencies predicts it; 0 where none is known.
    """

    parameters: int
    flops: int
    nanoseconds: int = 0

    @property
    def milliseconds(self) -> float | None:
        """The time; None if it is not known."""
        return self.nanoseconds / 1e6 if self.nanoseconds else None

    def record(self) -> dict[str, int]:
        """The cost as JSON data, without a time that is not known."""
        values = self._asdict()
        return values if self.nanoseconds else {name: values[name] for name in ("parameters", "flops")}


def network_cost(network: Restorer | HandMadeRestorer, size: int) -> dict[str, Cost]:
    """Cost of all iterations for one face of `size` x `size`: `total`, each branch's path, and `rest`.

    The network runs on an empty batch, so that only shapes are computed. Convolutions are counted, the cheap
    element-wise operations are not. Each counts at the size of its output as the paper draws the network; that some
    are computed at a smaller size, with the same result, changes no cost.

    Args:
        network: any restorer, on any device; it is not changed.
        size: side of the face in pixels, a multiple of 8.

    Returns:
        The costs by name.
    """
    priors = {name: torch.empty(0, channels, size, size) for name, channels in network.config.prior_channels.items()}
    with _counted_flops(network) as flops, _EmptyBatch(), torch.no_grad():
        network(torch.empty(0, 3, size, size), priors)
    branches = network.passes if isinstance(network, Restorer) else {}
    by_branch = {
        name: Cost(_parameters(passes), sum(flops[module] for module in passes.modules()))
        for name, passes in branches.items()
    }
    total = Cost(_parameters(network), flops.total())
    rest = Cost(
        total.parameters - sum(cost.parameters for cost in by_branch.values()),
        total.flops - sum(cost.flops for cost in by_branch.values()),
    )
    return {"total": total, **by_branch, "rest": rest}


class _EmptyBatch(TorchFunctionMode):
    """Gives an empty batch the right shape where torch would not, without reading the weights.

    The weights may be on the meta device, where they have no memory. The batch is not: on that device torch imports its
    compiler for element-wise operations, which takes two seconds. For the same reason a weight that is a single number,
    such as a prior's attention, is replaced by one that has memory.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        args = [torch.zeros(()) if isinstance(a, Tensor) and a.is_meta and not a.ndim else a for a in args]
        if func is torch.pixel_unshuffle:
            return args[0].new_empty(unshuffled_shape(*args))
        if func is torch.conv2d:
            return args[0].new_empty(convolved_shape(*args))
        if func is torch.conv_transpose2d:
            return args[0].new_empty(transposed_shape(*args))
        if func is F.batch_norm:
            return args[0]
        return func(*args, **(kwargs or {}))


@contextmanager
def _counted_flops(network: nn.Module) -> Iterator[Counter[nn.Module]]:
    """FLOPs, for one picture, of every convolution that runs inside the block."""
    flops: Counter[nn.Module] = Counter()
    handles: list[torch.utils.hooks.RemovableHandle] = []
    training = [module for module in network.modules() if module.training]
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            handles.append(module.register_forward_hook(partial(_count, flops)))
    try:
        network.eval()  # batch norms would count the batch
        yield flops
    finally:
        for module in training:
            module.training = True
        for handle in handles:
            handle.remove()


def _count(flops: Counter[nn.Module], conv: nn.Module, _inputs: tuple[Any, ...], output: Tensor) -> None:
    height, width = output.shape[-2:]
    flops[conv] += 2 * conv.weight.shape.numel() * height * width  # pyright: ignore[reportCallIssue, reportOptionalMemberAccess]


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
