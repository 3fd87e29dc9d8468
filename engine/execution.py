"""How a network is computed on a device: memory layout, number format, compiled or not."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch

from ..errors import MfpsError
from .clock import seconds_of

LAYOUTS = ("contiguous", "channels-last")
"""Memory layouts of tensors (B, C, H, W): channel by channel, or pixel by pixel."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""The number formats, by name."""

_TRIALS = 3
"""How often a number format is timed, of which the shortest time counts."""


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

        return min(seconds_of(run, device) for _ in range(_TRIALS))

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
