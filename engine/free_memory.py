"""How much memory is free: on a GPU, or on the machine within the limits that a container sets."""

import os
from collections.abc import Iterator
from pathlib import Path

import torch

ROOT = Path("/")
"""Where the files of Linux are, from which memory is read."""


def free_memory(device: torch.device, root: Path = ROOT) -> int | None:
    """Bytes that this process could still take.

    Args:
        device: a GPU, or the CPU for the machine's memory.
        root: where `proc` and `sys` are.

    Returns:
        The bytes, or None if the system does not tell.
    """
    if device.type == "cuda":
        # What torch has reserved and does not use is free for this process.
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    found = [free for free in (_of_machine(root), *_of_container(root)) if free is not None]
    return max(min(found), 0) if found else None


def _of_machine(root: Path) -> int | None:
    """Memory without swapping, on systems without /proc all that the machine has."""
    for line in _lines(root / "proc/meminfo"):
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return 1024 * int(value.split()[0])
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if root == ROOT else None
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def _of_container(root: Path) -> Iterator[int | None]:
    """What is left of the limit of each control group that this process belongs to, of version 2 or 1."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            mount, names = "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            mount = "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        own = Path(path.lstrip("/"))
        # Inside a container the path may be that outside of it: only the mount itself is there then.
        for group in (own, *own.parents):
            yield _left(root / mount / group, *names)


def _left(group: Path, limit: str, used: str, reclaimable: str) -> int | None:
    most, taken = _lines(group / limit), _lines(group / used)
    if not most or not taken or not most[0].isdecimal():  # there is no such group, or `max`: no limit
        return None
    cached = dict(line.split(maxsplit=1) for line in _lines(group / "memory.stat")).get(reclaimable, "0")
    return int(most[0]) - int(taken[0]) + int(cached)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
