"""Devices and precision of a run, by Lightning Fabric."""

import logging
import os

import torch
from lightning_fabric import Fabric

from ..errors import MfpsError

PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}
"""Our names of the precisions, and Fabric's. bfloat16 has float32's range, so that no loss is scaled."""


def make_fabric(device: str, precision: str, devices: int = 1, num_nodes: int = 1) -> Fabric:
    """Choose devices and precision. Several processes are started by `launch`, not here.

    Args:
        device: auto (CUDA where there is a GPU), cpu, cuda or cuda:N.
        precision: float32 or bfloat16.
        devices: processes on this machine, one a GPU, or so many on the CPU.
        num_nodes: machines.

    Raises:
        MfpsError: a device isn't there or has no such name, the precision is unknown, or the launcher started
            another number of processes.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it tells of its choices and of each process
    if precision not in PRECISIONS:
        raise MfpsError(f"unknown precision {precision!r}: choose from {', '.join(PRECISIONS)}")
    kind, _, number = device.partition(":")
    count = torch.cuda.device_count()
    if kind == "auto" and not number:
        kind = "cuda" if count else "cpu"
    if kind not in ("cpu", "cuda") or (number and (kind == "cpu" or not number.isdecimal())):
        raise MfpsError(f"unknown device {device!r}: choose auto, cpu, cuda or cuda:N")
    if kind == "cuda" and int(number or 0) + devices > count:
        raise MfpsError(
            f"no device {device!r}{f' for {devices} processes' if devices > 1 else ''}: torch sees {count} CUDA "
            "devices here; use --device cpu or auto"
        )
    started = os.environ.get("WORLD_SIZE", "")
    if started.isdecimal() and int(started) != devices * num_nodes:
        raise MfpsError(
            f"the launcher started {started} processes, but --devices {devices} times --num-nodes {num_nodes} is "
            f"{devices * num_nodes}; make them agree"
        )
    first = int(number or 0)
    return Fabric(
        accelerator=kind,
        devices=devices if kind == "cpu" else list(range(first, first + devices)),
        num_nodes=num_nodes,
        strategy="ddp" if devices * num_nodes > 1 else "auto",
        precision=PRECISIONS[precision],  # pyright: ignore[reportArgumentType]
    )
