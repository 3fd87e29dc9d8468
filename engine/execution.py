"""How a network is computed on a device: memory layout, number format, compiled or not; asked for, or found by timing.

Which layout is the fastest differs between machines and networks, by factors. So the candidates are timed on a few
real passes of the real network, in turns, and the fastest is taken whose results are as good as those of float32.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..errors import MfpsError

LAYOUTS = ("contiguous", "channels-last")
"""Memory layouts of tensors (B, C, H, W): channel by channel, or pixel by pixel."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""The number formats, by name."""

ROUNDS = 3
"""How often each candidate is timed, in turns; the shortest time counts."""

SECONDS = 4.0
"""After so long, the first passes included, no other round begins; every candidate is timed once in any case."""

WORTHWHILE = 0.95
"""A candidate is preferred to an earlier one only if it takes at most this share of its time."""

TOLERANCE = 0.01
"""Largest mean square root error, of pictures in [0, 1], with which another number format counts as safe: 40 dB."""


class Execution(NamedTuple):
    """How a network is computed."""

    layout: str = "contiguous"
    """One of `LAYOUTS`."""
    precision: str = "float32"
    """One of `DTYPES`."""
    compiled: bool = False
    """Compiled by torch, or recorded as a CUDA graph."""

    def __str__(self) -> str:
        return " ".join((self.layout, self.precision, *(("compiled",) if self.compiled else ())))

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout, as torch names it."""
        return torch.channels_last if self.layout == "channels-last" else torch.contiguous_format

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """Inside the block convolutions are computed in this number format; weights and losses stay float32."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(device.type, DTYPES[self.precision])


class Choice(NamedTuple):
    """An execution that was chosen."""

    execution: Execution
    milliseconds: dict[str, float]
    """What each candidate took for a pass; empty if there was nothing to choose from."""
    unsafe: tuple[str, ...] = ()
    """Candidates whose results differ too much from those of the first one."""
    failed: tuple[str, ...] = ()
    """Candidates that could not be compiled."""

    def record(self) -> dict[str, Any]:
        """As it is written to `environment.json`: layout, precision and whether compiled, and the times."""
        return {
            **self.execution._asdict(),
            "milliseconds": self.milliseconds,
            "unsafe": list(self.unsafe),
            "failed": list(self.failed),
        }

    def __str__(self) -> str:
        """For a line of output: the choice, and what each candidate took."""
        if not self.milliseconds:
            return str(self.execution)
        notes = [
            ", ".join(f"{name} {round(ms, 1 if ms < 100 else None):,} ms" for name, ms in self.milliseconds.items())
        ]
        notes += [f"not accurate enough: {', '.join(self.unsafe)}"] * bool(self.unsafe)
        notes += [f"could not be compiled: {', '.join(self.failed)}"] * bool(self.failed)
        return f"{self.execution} ({'; '.join(notes)})"


def candidates(
    device: torch.device,
    layout: str = "auto",
    precision: str = "float32",
    compiled: Sequence[bool] = (False,),
    formats: Sequence[str] = tuple(DTYPES),
) -> list[Execution]:
    """The executions that fit what was asked for; the first is the one whose results the others are compared with.

    Args:
        device: where the network runs.
        layout: one of `LAYOUTS`, or auto for both.
        precision: one of `DTYPES`, or auto for float32 and those that the device computes natively.
        compiled: whether to try it as it is, compiled, or both.
        formats: the number formats among which the precision auto chooses.

    Raises:
        MfpsError: the device lacks what was asked for.
    """
    check_precision(device, precision)
    precisions = [name for name in formats if is_native(device, name)] if precision == "auto" else [precision]
    layouts = LAYOUTS if layout == "auto" else (layout,)
    if precision != "auto" and not is_native(device, precision):
        layouts = layouts[-1:]  # emulated passes are too slow to be timed
    return [Execution(*found) for found in ((a, b, c) for b in precisions for a in layouts for c in compiled)]


def as_started(layout: str, precision: str) -> Execution:
    """How a run was computed, from its config.yaml; where that does not say, in the plainest way."""
    plain = Execution()
    return Execution(
        plain.layout if layout == "auto" else layout, plain.precision if precision == "auto" else precision
    )


def choose(
    tried: Sequence[Execution],
    run: Callable[[Execution], Sequence[Tensor]],
    device: torch.device | None = None,
    prepare: Callable[[Execution], Any] = lambda _: None,
) -> Choice:
    """Time the candidates in turns, and choose the fastest whose results are close to those of the first.

    Args:
        tried: the candidates, at least one. A single one is not run.
        run: makes one pass, and returns the pictures (B, C, H, W) in [0, 1] that the network put out.
        device: where the network runs.
        prepare: brings the network into the candidate's form; its time does not count.

    Raises:
        Exception: a candidate could not be run; one that is compiled is left out instead.
    """
    if len(tried) == 1:
        return Choice(tried[0], {})
    began = time.perf_counter()
    expected, seconds = None, dict.fromkeys(tried, float("inf"))
    unsafe: list[Execution] = []
    failed: list[Execution] = []
    for execution in tried:  # a first pass makes buffers and picks kernels
        try:
            prepare(execution)
            pictures = [picture.detach().float().cpu() for picture in run(execution)]
        except Exception:  # of compilers, drivers and missing programs: whatever it is, the network runs without
            if not execution.compiled or all(each.compiled for each in tried):
                raise
            failed.append(execution)
            del seconds[execution]
            continue
        if expected is None:
            expected = pictures
        elif not _close(pictures, expected):
            unsafe.append(execution)
    for _ in range(ROUNDS):
        for execution in seconds:
            prepare(execution)
            seconds[execution] = min(seconds[execution], _timed(lambda execution=execution: run(execution), device))
        if time.perf_counter() - began > SECONDS:
            break
    best = next(iter(seconds))
    for execution in seconds:
        if execution not in unsafe and seconds[execution] < WORTHWHILE * seconds[best]:
            best = execution
    times = {str(execution): round(1000 * found, 3) for execution, found in seconds.items()}
    return Choice(best, times, tuple(map(str, unsafe)), tuple(map(str, failed)))


def _timed(run: Callable[[], object], device: torch.device | None) -> float:
    """Seconds that a call takes on a device."""

    def wait() -> None:
        if device is not None and device.type == "cuda":
            torch.cuda.synchronize(device)

    clock = clock_of(device, torch.get_num_threads())
    wait()
    began = clock()
    run()
    wait()
    return clock() - began


def clock_of(device: torch.device | None, threads: int) -> Callable[[], float]:
    """The clock, in seconds, that times computing on a device.

    Args:
        device: where it is computed; None where that is not known.
        threads: processor threads that compute.
    """
    return time.process_time if counts_processor_time(device, threads) else time.perf_counter


def counts_processor_time(device: torch.device | None, threads: int) -> bool:
    """Whether computing on a device is timed by the processor's time rather than by the clock.

    Of a single thread it is, as that time is the same however busy the machine is.

    Args:
        device: where it is computed; None where that is not known.
        threads: processor threads that compute.
    """
    return device is not None and device.type == "cpu" and threads == 1


def slowdown(device: torch.device, precision: str) -> float:
    """How many times as long as in float32 a small convolution and its gradients take in another number format.

    Args:
        device: where it runs.
        precision: one of `DTYPES`.
    """
    pictures = torch.ones(1, 32, 32, 32, device=device)  # nothing random: no generator may move
    kernel = torch.ones(32, 32, 3, 3, device=device, requires_grad=True)

    def seconds(execution: Execution) -> float:
        def run() -> None:
            with torch.enable_grad(), execution.autocast(device):
                output = torch.nn.functional.conv2d(pictures, kernel, padding=1)
            torch.autograd.grad(output.sum(), kernel)

        return min(_timed(run, device) for _ in range(ROUNDS))

    return seconds(Execution(precision=precision)) / seconds(Execution())


def is_native(device: torch.device, precision: str) -> bool:
    """Whether a device has instructions for a number format; without them it is emulated, if it is there at all."""
    if precision == "float32":
        return True
    if device.type == "cuda":
        return precision == "float16" or torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "float16":
        return _has("_is_amx_fp16_supported")
    return _has("_is_avx512_bf16_supported") or _has("_is_amx_tile_supported")


def _has(question: str) -> bool:
    """Ask torch about the processor: nothing public tells, and an older torch knows fewer questions."""
    return bool(getattr(torch.cpu, question, lambda: False)())


def emulation_note(device: torch.device, precision: str, remedy: str = "set") -> str | None:
    """What to say before a network is computed in a number format that its device has no instructions for, if so.

    Args:
        device: where it runs.
        precision: the number format.
        remedy: what to do about it, followed by "`precision` float32".
    """
    if is_native(device, precision):
        return None
    what = "this processor" if device.type == "cpu" else "this GPU"
    return (
        f"{what} emulates {precision}: a convolution takes {slowdown(device, precision):.3g} times as long as in "
        f"float32; {remedy} `precision` float32"
    )


def check_precision(device: torch.device, precision: str) -> None:
    """Raise an MfpsError unless a device can compute in a number format, natively or emulated.

    Args:
        device: the device.
        precision: one of `DTYPES`, or auto.
    """
    if precision != "auto" and precision not in DTYPES:
        raise MfpsError(f"unknown precision {precision!r}: choose from auto, {', '.join(DTYPES)}")
    if precision == "float16" and not is_native(device, precision):
        raise MfpsError(
            "`precision` float16: this processor cannot compute in it; choose float32, or auto for the fastest that "
            "is accurate enough"
        )


def _close(pictures: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
    errors = [(a - b).square().mean().sqrt() for a, b in zip(pictures, expected, strict=True)]
    return all(bool(error <= TOLERANCE) for error in errors)  # False for NaN
