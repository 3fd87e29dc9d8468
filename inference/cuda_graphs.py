"""A fixed network on a GPU: its launches recorded once for each shape of a batch, and then replayed as a whole.

A network of some hundred small convolutions keeps a GPU waiting for Python. A CUDA graph has the launches of all of
them; it reads from and writes to fixed buffers, so a batch is copied in and its pictures are copied out.

Not run on a GPU so far: tests drive it with stand-ins for torch's calls.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

MOST_SHAPES = 4
"""Recorded shapes that are kept; the one that was not used for the longest time is dropped for a fifth."""

WARM_UPS = 3
"""Passes before a recording, on a stream apart: libraries choose their kernels and make their workspaces in them."""


class Form(NamedTuple):
    """Where and in which form a network takes its inputs."""

    device: torch.device
    dtype: torch.dtype
    memory_format: torch.memory_format

    def of(self, tensor: Tensor) -> Tensor:
        """A tensor (B, C, H, W) in this form; copying from pinned memory does not wait."""
        return tensor.to(self.device, self.dtype, non_blocking=True, memory_format=self.memory_format)


class Eager:
    """A network that is called as it is.

    Args:
        network: the network, on the device.
        form: what it takes.
    """

    def __init__(self, network: Callable[..., list[Tensor]], form: Form) -> None:
        self._network, self._form = network, form

    @torch.inference_mode()
    def __call__(
        self, degraded: Tensor, priors: Mapping[str, Tensor] | None = None, iterations: int | None = None
    ) -> list[Tensor]:
        """The output of each iteration, float32 (B, 3, H, W), see `RunningNetwork`."""
        given = {name: self._form.of(tensor) for name, tensor in (priors or {}).items()}
        return [output.float() for output in self._network(self._form.of(degraded), given, iterations)]


class TorchCompiled:
    """A network compiled by torch, which records a CUDA graph of its own.

    Args:
        network: the network, on the device.
        form: what it takes.
    """

    def __init__(self, network: nn.Module, form: Form) -> None:
        self._run = Eager(torch.compile(network, mode="reduce-overhead"), form)

    def __call__(
        self, degraded: Tensor, priors: Mapping[str, Tensor] | None = None, iterations: int | None = None
    ) -> list[Tensor]:
        """The output of each iteration, float32 (B, 3, H, W), see `RunningNetwork`."""
        torch.compiler.cudagraph_mark_step_begin()
        return [output.clone() for output in self._run(degraded, priors, iterations)]  # the next call overwrites them


class _Recorded(NamedTuple):
    graph: Any
    degraded: Tensor
    priors: dict[str, Tensor]
    outputs: list[Tensor]


_Shape = tuple[tuple[int, ...], tuple[str, ...], int | None]
"""Of the faces without their number, the names of the priors, the iterations."""


class CudaGraphs:
    """A network whose launches are recorded for each shape of its inputs; on a CPU, or where recording fails, as it is.

    A batch that is smaller than a recorded one of its kind is filled up with its last face, as the last batch of a
    folder is.

    Args:
        network: the network, on the device.
        form: what it takes.
        cuda: torch's calls, or what stands in for them.

    Attributes:
        failure: why recording failed; empty if it did not.
    """

    def __init__(self, network: Callable[..., list[Tensor]], form: Form, cuda: Any = torch.cuda) -> None:
        self._network, self._form, self._cuda = network, form, cuda
        self._eager = Eager(network, form)
        self._recorded: OrderedDict[tuple[int, _Shape], _Recorded] = OrderedDict()
        self._pool: Any = None
        self.failure = ""

    @torch.inference_mode()
    def __call__(
        self, degraded: Tensor, priors: Mapping[str, Tensor] | None = None, iterations: int | None = None
    ) -> list[Tensor]:
        """The output of each iteration, float32 (B, 3, H, W), see `RunningNetwork`."""
        priors = priors or {}
        if self._form.device.type != "cuda" or self.failure:
            return self._eager(degraded, priors, iterations)
        try:
            recorded = self._recording(degraded, priors, iterations)
        except RuntimeError as error:  # an operation that cannot be recorded, or too little memory for another graph
            self.failure = str(error).partition("\n")[0] or "it cannot be recorded"
            self._recorded.clear()
            return self._eager(degraded, priors, iterations)
        _fill(recorded.degraded, degraded)
        for name, buffer in recorded.priors.items():
            _fill(buffer, priors[name])
        recorded.graph.replay()
        return [output[: len(degraded)].clone() for output in recorded.outputs]

    def _recording(self, degraded: Tensor, priors: Mapping[str, Tensor], iterations: int | None) -> _Recorded:
        kind: _Shape = (tuple(degraded.shape[1:]), tuple(priors), iterations)
        fitting = [key for key in self._recorded if key[1] == kind and key[0] >= len(degraded)]
        if fitting:
            key = min(fitting)
            self._recorded.move_to_end(key)
            return self._recorded[key]
        while len(self._recorded) >= MOST_SHAPES:
            self._recorded.popitem(last=False)
        recorded = self._record(degraded, priors, iterations)
        self._recorded[len(degraded), kind] = recorded
        return recorded

    def _record(self, degraded: Tensor, priors: Mapping[str, Tensor], iterations: int | None) -> _Recorded:
        """Make the buffers, warm up on a stream apart, and record one pass."""
        cuda, device = self._cuda, self._form.device
        picture = self._form.of(degraded).clone()
        given = {name: self._form.of(tensor).clone() for name, tensor in priors.items()}
        apart = cuda.Stream(device)
        apart.wait_stream(cuda.current_stream(device))
        with cuda.stream(apart):
            for _ in range(WARM_UPS):
                self._network(picture, given, iterations)
        cuda.current_stream(device).wait_stream(apart)
        graph = cuda.CUDAGraph()
        if self._pool is None:
            self._pool = cuda.graph_pool_handle()
        # One pool of memory for all graphs: they run one after the other, and their pictures are copied out at once.
        with cuda.graph(graph, pool=self._pool):
            outputs = [output.float() for output in self._network(picture, given, iterations)]
        return _Recorded(graph, picture, given, outputs)


def _fill(buffer: Tensor, tensor: Tensor) -> None:
    count = len(tensor)
    buffer[:count].copy_(tensor, non_blocking=True)
    if count < len(buffer):
        buffer[count:].copy_(tensor[-1:].expand_as(buffer[count:]), non_blocking=True)
