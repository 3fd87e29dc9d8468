"""Devices and precision: of a network that runs, and by Lightning Fabric of one that is trained."""

import logging
import os
from typing import TYPE_CHECKING

import torch

from ..errors import MfpsError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}
"""Our names of the precisions, and Fabric's. bfloat16 has float32's range, so that no loss is scaled."""


def choose_device(device: str, devices: int = 1, num_nodes: int = 1) -> torch.device:
    """The device that a name means; the first one, if there are several processes.

    Args:
        device: auto (CUDA where there is a GPU), cpu, cuda or cuda:N.
        devices: processes on this machine, one a GPU, or so many on the CPU.
        num_nodes: machines.

    Raises:
        MfpsError: a device isn't there or has no such name, or the launcher started another number of processes.
    """
    kind, _, number = device.partition(":")
    count = torch.cuda.device_count()
    if kind == "auto" and not number:
        kind = "cuda" if count else "cpu"
    if kind not in ("cpu", "cuda") or (number and (kind == "cpu" or not number.isdecimal())):
        raise MfpsError(f"unknown device {device!r}: choose auto, cpu, cuda or cuda:N")
    first = int(number or 0)
    if kind == "cuda" and first + devices > count:
        raise MfpsError(
            f"no device {device!r}{f' for {devices} processes' if devices > 1 else ''}: torch sees {count} CUDA "
            "devices here; choose `device` cpu or auto"
        )
    started = os.environ.get("WORLD_SIZE", "")
    if started.isdecimal() and int(started) != devices * num_nodes:
        raise MfpsError(
            f"the launcher started {started} processes, but `devices` {devices} times `num_nodes` {num_nodes} is "
            f"{devices * num_nodes}; make them agree"
        )
    return torch.device("cpu") if kind == "cpu" else torch.device("cuda", first)


def check_precision(precision: str) -> None:
    """Raise an MfpsError unless `precision` is one of `PRECISIONS`."""
    if precision not in PRECISIONS:
        raise MfpsError(f"unknown precision {precision!r}: choose from {', '.join(PRECISIONS)}")


def make_fabric(device: str, precision: str, devices: int = 1, num_nodes: int = 1) -> "Fabric":
    """Choose devices and precision of a training. Several processes are started by `launch`, not here.

    Args:
        device: auto (CUDA where there is a GPU), cpu, cuda or cuda:N.
        precision: float32 or bfloat16.
        devices: processes on this machine, one a GPU, or so many on the CPU.
        num_nodes: machines.

    Raises:
        MfpsError: the precision is unknown. See also `choose_device`.
    """
    check_precision(precision)
    first = choose_device(device, devices, num_nodes)
    # Here, as Fabric takes a second to import and a network runs without it.
    from lightning_fabric import Fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it tells of its choices and of each process
    index = first.index or 0
    return Fabric(
        accelerator=first.type,
        devices=devices if first.type == "cpu" else list(range(index, index + devices)),
        num_nodes=num_nodes,
        strategy="ddp" if devices * num_nodes > 1 else "auto",
        precision=PRECISIONS[precision],  # pyright: ignore[reportArgumentType]
    )
