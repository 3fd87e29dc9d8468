"""Devices, for running a network and, through Lightning Fabric, for training one."""

import logging
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist

from ..errors import MfpsError

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def choose_device(device: str, devices: int = 1, num_nodes: int = 1) -> torch.device:
    """The device with this name; with several processes, that of the first one.

    Args:
        device: auto (CUDA if there is a GPU), cpu, cuda or cuda:N.
        devices: processes on this machine, one per GPU, or all on the CPU.
        num_nodes: machines.

    Raises:
        MfpsError: there is no such device, or the launcher started another number of processes.
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
            "devices; choose `device` cpu or auto"
        )
    started = os.environ.get("WORLD_SIZE", "")
    launched = dist.is_available() and dist.is_initialized()  # then this was checked before
    if not launched and started.isdecimal() and int(started) != devices * num_nodes:
        raise MfpsError(
            f"the launcher started {started} processes, but `devices` {devices} times `num_nodes` {num_nodes} is "
            f"{devices * num_nodes}; make them agree"
        )
    return torch.device("cpu") if kind == "cpu" else torch.device("cuda", first)


def device_name(device: torch.device) -> str:
    """What a device is called: the GPU, or the processor and what it computes with."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"


def make_fabric(device: str, devices: int = 1, num_nodes: int = 1) -> "Fabric":
    """Choose the devices for training. `launch` starts the processes.

    Args:
        device: auto (CUDA if there is a GPU), cpu, cuda or cuda:N.
        devices: processes on this machine, one per GPU, or all on the CPU.
        num_nodes: machines.

    Raises:
        MfpsError: see `choose_device`.
    """
    first = choose_device(device, devices, num_nodes)
    # Imported here: it takes a second, and running a network does not need it.
    from lightning_fabric import Fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it logs its choices and each process
    index = first.index or 0
    return Fabric(
        accelerator=first.type,
        devices=devices if first.type == "cpu" else list(range(index, index + devices)),
        num_nodes=num_nodes,
        strategy="ddp" if devices * num_nodes > 1 else "auto",
    )
