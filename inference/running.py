"""A trained network made ready to run: batch norms folded, laid out for the device, in a number format.

What is fastest differs between machines. With many faces before it, a network is timed on the first of them; with a few
that would take longer than it saves, and a rule decides.
"""

import copy
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from rich.console import Console
from torch import Tensor, nn

from ..engine.execution import DTYPES, Execution, candidates, emulation_note
from ..engine.terminal import say
from ..engine.timed_choice import Choice, choose
from ..networks.folded_norm import fold_norms
from .cuda_graphs import CudaGraphs, Eager, Form, TorchCompiled
from .prior_runs import Model

WORTH_TIMING = 16
"""Timing takes as long as some six faces, and saves up to half of each."""

WORTH_COMPILING = 2000
"""torch takes minutes to compile a network."""


class Asked(NamedTuple):
    """How a network is to be computed, as configurations say it."""

    layout: str = "auto"
    precision: str = "float32"
    compile: str = "auto"


def executions(asked: Asked, device: torch.device, faces: int | None) -> list[Execution]:
    """The executions among which one is chosen by timing; only one where a rule decides.

    On a CPU no network was ever slower channels-last, and in the other number formats nothing else is tried. With few
    faces float32 is kept, as nothing would have shown that another format is accurate enough.

    Args:
        asked: how the network is to be computed.
        device: where it runs.
        faces: how many follow; None for a choice that is the same every time.

    Raises:
        MfpsError: the device lacks what was asked for.
    """
    compiled = device.type == "cuda" and asked.compile == "auto"
    timed = faces is not None and faces >= WORTH_TIMING
    tried = candidates(device, asked.layout, asked.precision, (False, True) if compiled and timed else (False,))
    if asked.layout == "auto":
        tried = [one for one in tried if one.layout == "channels-last" or (timed and one.precision == "float32")]
    return tried if timed or asked.precision != "auto" else tried[:1]


class RunningNetwork:
    """A network that is ready to be called; how it is computed is settled on the first call.

    Args:
        restorer: the network; it is not changed.
        device: where it runs.
        tried: the executions among which the fastest is chosen whose pictures are right, see `executions`.
        console: where the choice is shown; by default nowhere.
        faces: how many follow, as far as is known.
        passes: iterations that are wanted of each face; None for the network's own number. Nothing is settled on a call
            for one iteration alone if more are wanted: it only makes the face in which priors are found.

    Attributes:
        device: where it runs.
        choice: how the network is computed, and what was found by timing; None before the first call, unless there is
            nothing to choose from.
    """

    def __init__(
        self,
        restorer: nn.Module,
        device: torch.device,
        tried: Sequence[Execution],
        console: Console | None = None,
        faces: int | None = None,
        passes: int | None = None,
    ) -> None:
        self.device = device
        self._folded, self._tried = fold_norms(restorer), tuple(tried)
        self._console, self._faces, self._passes = console or Console(quiet=True), faces, passes
        self._reference: Model | None = None
        self._model: Model | None = None
        self.choice: Choice | None = Choice(tried[0], {}) if len(tried) == 1 else None
        if note := emulation_note(device, tried[0].precision):
            say(self._console, f"note      {note}")
        if len(tried) == 1:
            self._model = self._prepared(tried[0])

    def __call__(
        self, degraded: Tensor, priors: Mapping[str, Tensor] | None = None, iterations: int | None = None
    ) -> list[Tensor]:
        """Run the network.

        Args:
            degraded: (B, 3, H, W) in [0, 1], anywhere.
            priors: for each prior (B, C, H, W).
            iterations: passes to run, by default the network's own number.

        Returns:
            The output of each iteration, float32 (B, 3, H, W), on the device.
        """
        if self._model is None and iterations == 1 != self._passes:
            self._reference = self._reference or self._prepared(self._tried[0])
            return self._reference(degraded, priors, iterations)
        if self._model is None:
            self._reference = None
            # On a CPU each face takes as long as any other; a GPU is busy only with many.
            count = 1 if self.device.type == "cpu" else len(degraded)
            given = {name: tensor[:count] for name, tensor in (priors or {}).items()}
            self._model = self._fastest(degraded[:count], given, iterations)
        return self._model(degraded, priors, iterations)

    def _fastest(self, degraded: Tensor, priors: Mapping[str, Tensor], iterations: int | None) -> Model:
        models: dict[Execution, Model] = {}

        def run(execution: Execution) -> list[Tensor]:
            if execution not in models:
                models[execution] = self._prepared(execution)
            model = models[execution]
            outputs = model(degraded, priors, iterations)
            if isinstance(model, CudaGraphs) and model.failure:
                raise RuntimeError(model.failure)
            return outputs

        self.choice = choose(self._tried, run, self.device)
        say(self._console, f"computed  {self.choice}")
        return models[self.choice.execution]

    def _prepared(self, execution: Execution) -> Model:
        dtype = DTYPES[execution.precision]
        # With several candidates each has a copy of its own; they are let go once one of them is chosen.
        network = self._folded if len(self._tried) == 1 else copy.deepcopy(self._folded)
        network.to(self.device, dtype)
        network.to(memory_format=execution.memory_format)  # pyright: ignore[reportCallIssue]
        form = Form(self.device, dtype, execution.memory_format)
        if not execution.compiled:
            return Eager(network, form)
        graphs = CudaGraphs(network, form)
        if (self._faces or 0) < WORTH_COMPILING:
            return graphs
        return FirstFastest((graphs, TorchCompiled(network, form)), self.device)


class FirstFastest:
    """Several ways of running a network, of which the first batch shows the fastest; the others are dropped.

    Args:
        models: the ways; one that fails is dropped, unless it is the first.
        device: where they run.
    """

    def __init__(self, models: Sequence[Model], device: torch.device) -> None:
        self._models, self._device = list(models), device

    def __call__(self, *given: Any) -> list[Tensor]:
        """The output of each iteration, as each of the ways returns them."""
        if len(self._models) > 1:
            first, *others = self._models
            times = {self._seconds(first, given): first}
            for model in others:
                try:
                    times[self._seconds(model, given)] = model
                except Exception:  # of compilers and drivers: the first way runs without them
                    continue
            self._models = [times[min(times)]]
        return self._models[0](*given)

    def _seconds(self, model: Model, given: Sequence[Any]) -> float:
        began = 0.0
        for _ in range(2):  # the first call compiles and records
            began = time.perf_counter()
            model(*given)
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
        return time.perf_counter() - began
