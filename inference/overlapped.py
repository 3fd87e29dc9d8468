"""Batches on their way through a network, overlapped: the next one is read while one is computed.

On a GPU the next batch is also copied there, and the last one's pictures are copied back, each on a stream of its own.
Memory is that of a few batches, however many there are.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


class Inputs(NamedTuple):
    """What a network is given for a batch."""

    degraded: Tensor
    """(B, 3, H, W) in [0, 1]."""
    priors: Mapping[str, Tensor]
    """By name, the first dimension being B."""


Run = Callable[[Tensor, Mapping[str, Tensor]], Tensor]
"""Makes pictures (B, 3, H, W) of a batch on the device."""


def read_ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, each made by another thread while the one before it is used; an error comes at its place."""
    end = object()
    source = iter(items)
    with ThreadPoolExecutor(1, "read") as reader:
        coming = reader.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = reader.submit(next, source, end)
            yield item  # pyright: ignore[reportReturnType] - not the end


def pictures(batches: Iterable[Inputs], run: Run, device: torch.device, cuda: Any = torch.cuda) -> Generator[Tensor]:
    """What `run` makes of each batch, float32 on the CPU, in order.

    Args:
        batches: the batches, on the CPU.
        run: makes pictures of one.
        device: where it runs.
        cuda: torch's calls, or what stands in for them.
    """
    if device.type != "cuda":
        for batch in read_ahead(batches):
            yield run(batch.degraded, batch.priors).float()
        return
    up, down = cuda.Stream(device), cuda.Stream(device)
    waiting: tuple[Tensor, Any] | None = None
    for batch in read_ahead(_pinned(batches)):
        there = _uploaded(batch, up, device, cuda)
        coming = _downloaded(run(there.degraded, there.priors).float(), down, device, cuda)
        if waiting is not None:
            yield _landed(*waiting)
        waiting = coming
    if waiting is not None:
        yield _landed(*waiting)


def _pinned(batches: Iterable[Inputs]) -> Iterator[Inputs]:
    """The batches in memory from which a GPU copies without the processor."""
    for batch in batches:
        yield Inputs(batch.degraded.pin_memory(), {name: tensor.pin_memory() for name, tensor in batch.priors.items()})


def _uploaded(batch: Inputs, up: Any, device: torch.device, cuda: Any) -> Inputs:
    """A batch on the device; the network's stream waits for the copy, nothing else does."""
    with cuda.stream(up):
        moved = Inputs(
            batch.degraded.to(device, non_blocking=True),
            {name: tensor.to(device, non_blocking=True) for name, tensor in batch.priors.items()},
        )
    main = cuda.current_stream(device)
    main.wait_stream(up)
    for tensor in (moved.degraded, *moved.priors.values()):
        tensor.record_stream(main)  # its memory is not given to others before the network has read it
    return moved


def _downloaded(output: Tensor, down: Any, device: torch.device, cuda: Any) -> tuple[Tensor, Any]:
    """Pictures that are on their way back, and the event of their arrival."""
    down.wait_stream(cuda.current_stream(device))
    with cuda.stream(down):
        host = torch.empty(output.shape, dtype=output.dtype, pin_memory=True)
        host.copy_(output, non_blocking=True)
        output.record_stream(down)
        arrival = cuda.Event()
        arrival.record(down)
    return host, arrival


def _landed(host: Tensor, arrival: Any) -> Tensor:
    arrival.synchronize()
    return host
