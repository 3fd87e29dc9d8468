"""Device and precision of a run, by Lightning Fabric."""

import torch
from lightning_fabric import Fabric

from ..errors import MfpsError

PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}
"""Our names of the precisions, and Fabric's."""


def make_fabric(device: str, precision: str) -> Fabric:
    """Set up one device.

    Args:
        device: auto (CUDA where there is a GPU), cpu, cuda or cuda:N.
        precision: float32 or bfloat16.

    Raises:
        MfpsError: the device isn't there or has no such name, or the precision is unknown.
    """
    if precision not in PRECISIONS:
        raise MfpsError(f"unknown precision {precision!r}: choose from {', '.join(PRECISIONS)}")
    kind, _, number = device.partition(":")
    count = torch.cuda.device_count()
    if kind == "auto" and not number:
        kind = "cuda" if count else "cpu"
    if kind == "cpu" and not number:
        return Fabric(accelerator="cpu", devices=1, precision=PRECISIONS[precision])  # pyright: ignore[reportArgumentType]
    if kind != "cuda" or (number and not number.isdecimal()):
        raise MfpsError(f"unknown device {device!r}: choose auto, cpu, cuda or cuda:N")
    index = int(number or 0)
    if index >= count:
        raise MfpsError(f"no device {device!r}: torch sees {count} CUDA devices here; use --device cpu or auto")
    return Fabric(accelerator="cuda", devices=[index], precision=PRECISIONS[precision])  # pyright: ignore[reportArgumentType]
