"""Several processes that train one network: each gets a part of every batch, and all make the same steps.

Gradients are averaged here and not by DistributedDataParallel, which fixes the set of trained parameters at the start,
while a search alternates between two sets. With `networks.synchronised_norm` the result is that of one process with the
same batches, up to rounding.
"""

import atexit
import os
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from torch import Tensor, nn

from ..errors import MfpsError


def launch(fabric: Fabric, deterministic: bool = False) -> None:
    """Start the other processes, or join those that a launcher started, and wait for all of them.

    Args:
        fabric: the devices.
        deterministic: make CUDA compute the same bits every time, at some cost in speed; the CPU always does.

    Raises:
        MfpsError: the processes cannot connect.
    """
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True)
    if fabric.world_size > 1:
        try:
            fabric.launch()
        except (RuntimeError, ValueError) as error:
            problem = str(error).splitlines()[0]
            raise MfpsError(f"the {fabric.world_size} processes cannot start together ({problem})") from None
        atexit.register(_leave)


def _leave() -> None:
    """Leave the process group, however this process ends: gloo's threads would abort the interpreter's shutdown."""
    if dist.is_initialized():
        dist.destroy_process_group()


def average_gradients(fabric: Fabric, parameters: Iterable[nn.Parameter]) -> None:
    """Replace every gradient by its mean over the processes, in two exchanges.

    A gradient that some processes lack counts as zero there. One that all of them lack stays missing, so that an
    optimizer leaves a parameter alone that a step does not use, as it does in one process.
    """
    if fabric.world_size == 1:
        return
    learning = list(parameters)
    used = largest(fabric, *(int(parameter.grad is not None) for parameter in learning))
    learning = [parameter for parameter, is_used in zip(learning, used, strict=True) if is_used]
    for parameter in learning:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in learning if parameter.grad is not None]
    if not gradients:
        return
    together = torch.cat([gradient.reshape(-1) for gradient in gradients])
    together = _reduced(fabric, together, dist.ReduceOp.SUM) / fabric.world_size
    for gradient, mean in zip(gradients, together.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view(gradient.shape))


def sum_over_processes(fabric: Fabric, values: Tensor) -> Tensor:
    """The sum of a tensor over all processes, in which it has the same shape."""
    return values if fabric.world_size == 1 else _reduced(fabric, values, dist.ReduceOp.SUM)


def largest_over_processes(fabric: Fabric, values: Tensor) -> Tensor:
    """The largest of each number of a tensor over all processes, left on the device, unlike by `largest`."""
    return values if fabric.world_size == 1 else _reduced(fabric, values, dist.ReduceOp.MAX)


def own_part(fabric: Fabric, total: int) -> range:
    """The numbers below `total` that this process handles; all of them if there are more processes than numbers."""
    if total < fabric.world_size:
        return range(total)
    return range(fabric.global_rank, total, fabric.world_size)


def gather_parts(fabric: Fabric, own: Tensor, total: int) -> Tensor:
    """Collect the rows (total, ...) in order, from the rows (len(own_part), ...) of each process."""
    if fabric.world_size == 1 or total < fabric.world_size:
        return own
    rows = own.new_zeros(total, *own.shape[1:])
    rows[fabric.global_rank :: fabric.world_size] = own
    return sum_over_processes(fabric, rows)


def largest(fabric: Fabric, *values: int) -> tuple[int, ...]:
    """The largest value over all processes, for each number: this is how processes agree on what to do next."""
    if fabric.world_size == 1:
        return values
    return tuple(_reduced(fabric, torch.tensor(values), dist.ReduceOp.MAX).tolist())


def check_same(fabric: Fabric, digest: str, what: str) -> None:
    """Raise an MfpsError unless every process has the same hexadecimal digest."""
    number = int(digest[:12], 16)
    if largest(fabric, number, -number) != (number, -number):
        raise MfpsError(
            f"{what} is not the same in all processes: they have diverged, but the last checkpoint is good; check that "
            "all of them run the same software on the same data, and continue with `resume`"
        )


def lost_process(error: RuntimeError, folder: Path) -> MfpsError | None:
    """The error to raise in place of the one that torch raises when another process of the run is gone.

    Args:
        error: what torch raised.
        folder: the run folder.

    Returns:
        The error, or None if torch's error has another cause.
    """
    text = str(error)
    remedy = f"{folder} is intact: continue with `resume`"
    if isinstance(error, dist.DistError) or "gloo" in text:
        return MfpsError(f"another process of the run is gone; {remedy}")
    if "DataLoader worker" in text:
        return MfpsError(f"a process that reads photographs was killed, perhaps because memory ran out; {remedy}")
    return None


def _reduced(fabric: Fabric, values: Tensor, operation: dist.ReduceOp.RedOpType) -> Tensor:
    reduced = values.detach().to(fabric.device, copy=True)
    dist.all_reduce(reduced, op=operation)
    return reduced.to(values.device)
