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

    def record(self) -> dict[str, Any]:
        """As it is written to `environment.json`: layout, precision and whether compiled, and the times."""
        return {**self.execution._asdict(), "milliseconds": self.milliseconds, "unsafe": list(self.unsafe)}

    def __str__(self) -> str:
        """For a line of output: the choice, and what each candidate took."""
        took = ", ".join(f"{name} {ms:.3g} ms" for name, ms in self.milliseconds.items())
        unsafe = f"; not accurate enough: {', '.join(self.unsafe)}" if self.unsafe else ""
        return f"{self.execution}{f' ({took}{unsafe})' if took else ''}"


def candidates(
    device: torch.device, layout: str = "auto", precision: str = "float32", compiled: Sequence[bool] = (False,)
) -> list[Execution]:
    """The executions that fit what was asked for; the first is the one whose results the others are compared with.

    Args:
        device: where the network runs.
        layout: one of `LAYOUTS`, or auto for both.
        precision: one of `DTYPES`, or auto for float32 and those that the device computes natively.
        compiled: whether to try it as it is, compiled, or both.

    Raises:
        MfpsError: the device lacks what was asked for.
    """
    check_precision(device, precision)
    precisions = [name for name in DTYPES if is_native(device, name)] if precision == "auto" else [precision]
    layouts = LAYOUTS if layout == "auto" else (layout,)
    return [Execution(*found) for found in ((a, b, c) for b in precisions for a in layouts for c in compiled)]


def choose(
    tried: Sequence[Execution], run: Callable[[Execution], Sequence[Tensor]], device: torch.device | None = None
) -> Choice:
    """Time the candidates in turns, and choose the fastest whose results are close to those of the first.

    Args:
        tried: the candidates, at least one. A single one is not run.
        run: makes one pass, and returns the pictures (B, C, H, W) in [0, 1] that the network put out.
        device: where the network runs.
    """
    if len(tried) == 1:
        return Choice(tried[0], {})
    expected, seconds = None, dict.fromkeys(tried, float("inf"))
    unsafe: list[Execution] = []
    for execution in tried:  # a first pass makes buffers and picks kernels
        pictures = [picture.detach().float().cpu() for picture in run(execution)]
        if expected is None:
            expected = pictures
        elif not _close(pictures, expected):
            unsafe.append(execution)
    for _ in range(ROUNDS):
        for execution in seconds:
            began = time.perf_counter()
            run(execution)
            if device is not None and device.type == "cuda":
                torch.cuda.synchronize(device)
            seconds[execution] = min(seconds[execution], time.perf_counter() - began)
    best = tried[0]
    for execution in tried:
        if execution not in unsafe and seconds[execution] < WORTHWHILE * seconds[best]:
            best = execution
    times = {str(execution): round(1000 * found, 3) for execution, found in seconds.items()}
    return Choice(best, times, tuple(map(str, unsafe)))


def is_native(device: torch.device, precision: str) -> bool:
    """Whether a device has instructions for a number format; without them it is emulated, if it is there at all."""
    if precision == "float32":
        return True
    if device.type == "cuda":
        return precision == "float16" or torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "float16":
        return torch.cpu._is_amx_fp16_supported()  # pyright: ignore[reportPrivateUsage] - nothing public tells
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # pyright: ignore[reportPrivateUsage]


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
