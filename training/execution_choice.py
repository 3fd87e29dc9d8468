"""How a training's network is computed: as its configuration says or, for `auto`, as is fastest on this machine.

A few real steps are timed before the run begins. They leave no trace: the run's bytes follow from the choice, and are
those of a run that was given the same layout and precision.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ..engine.configuration import RunConfig
from ..engine.execution import DTYPES, LAYOUTS, Execution, candidates
from ..engine.processes import largest
from ..engine.run_folder import was_compiled
from ..engine.timed_choice import Choice, choose
from ..engine.training_state import kept_generators
from ..networks.synchronised_norm import unsynchronised_norms

FORMATS = ("float32", "bfloat16")
"""Number formats to train in; both have the range of float32, so losses need no scaling."""

LEAST_COMPILED_STEPS = 5000
"""A shorter training isn't compiled: that takes a minute or more, and saves milliseconds a step."""


def training_candidates(config: RunConfig, device: torch.device, processes: int = 1, steps: int = 0) -> list[Execution]:
    """The executions among which a training chooses.

    Args:
        config: the training's.
        device: where it runs.
        processes: how many train together. Several don't compile, as the norms of all wait for each other inside.
        steps: of a training whose network is always the same; 0 where it changes with each step, as in a search.

    Raises:
        MfpsError: the device lacks what was asked for.
    """
    compiled: tuple[bool, ...] = (False,)
    if config.compile == "auto" and device.type == "cuda" and processes == 1 and steps >= LEAST_COMPILED_STEPS:
        resumed = config.resume and (config.out / "config.yaml").exists()
        compiled = (was_compiled(config.out) or False,) if resumed else (False, True)
    return candidates(device, config.layout, config.precision, compiled, FORMATS)


def fastest(
    tried: Sequence[Execution],
    network: nn.Module,
    step: Callable[[Execution], Sequence[Tensor]],
    device: torch.device,
) -> Choice:
    """Time some steps of a network, and choose how it is computed; nothing else changes.

    Compiling takes long, so of those that are compiled only the fastest of the others is tried.

    Args:
        tried: the candidates.
        network: what learns.
        step: runs it forward and backward, and returns the pictures that it put out.
        device: where it is.
    """
    if len(tried) == 1:
        return Choice(tried[0], {})

    def prepare(execution: Execution) -> None:
        network.to(memory_format=execution.memory_format)  # pyright: ignore[reportCallIssue]
        for parameter in network.parameters():
            parameter.grad = None

    with _unchanged(network), kept_generators(), unsynchronised_norms(network):
        network.train()
        choice = choose([each for each in tried if not each.compiled] or tried, step, device, prepare)
        if (compiled := choice.execution._replace(compiled=True)) in tried and compiled != choice.execution:
            last = choose([choice.execution, compiled], step, device, prepare)
            times = choice.milliseconds | last.milliseconds
            choice = Choice(last.execution, times, choice.unsafe + last.unsafe, last.failed)
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return choice


def agreed(fabric: Fabric, choice: Choice) -> Choice:
    """The first process's choice, in every process.

    Args:
        fabric: the processes.
        choice: the first process's own; that of the others does not count.
    """
    layout, precision, compiled = choice.execution
    own = LAYOUTS.index(layout), tuple(DTYPES).index(precision), int(compiled)
    first = largest(fabric, *(own if fabric.is_global_zero else (-1, -1, -1)))
    execution = Execution(LAYOUTS[first[0]], tuple(DTYPES)[first[1]], bool(first[2]))
    return choice._replace(execution=execution)


@contextmanager
def _unchanged(network: nn.Module) -> Iterator[None]:
    """After the block the network has its own tensors again, laid out as before, and its own values, modes and flags.

    Its parameters' values are not copied, so the block must not update them.
    """
    parameters = [(each, each.data, each.grad, each.requires_grad) for each in network.parameters()]
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    modes = [(module, module.training) for module in network.modules()]
    try:
        yield
    finally:
        for parameter, data, gradient, learns in parameters:
            parameter.data, parameter.grad = data, gradient
            parameter.requires_grad_(learns)
        for name, buffer in network.named_buffers():
            buffer.copy_(buffers[name])
        for module, mode in modes:
            module.training = mode
