"""The ways in which networks are run that a benchmark compares."""

import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from ..errors import MfpsError
from ..networks.restorer import STRIDE
from .config import BenchConfig


class Point(NamedTuple):
    """What the ways that are compared with each other have in common."""

    size: int
    """Side of the faces in pixels."""
    batch: int
    """Faces at a time."""
    threads: int
    """Processor threads."""

    def __str__(self) -> str:
        return f"{self.size} px, {self.batch} at a time, {self.threads} thread{'s' * (self.threads > 1)}"


class Way(NamedTuple):
    """A network, and how it is run."""

    network: str
    """As it was given: a weights file, run folder, exported file or genotype."""
    file: str
    """What is opened: the same, or the file that it was exported to."""
    runtime: str
    """`torch`, or what the exported file was made for."""
    layout: str
    precision: str
    device: str
    iterations: int | None
    point: Point


class Source(NamedTuple):
    """A network that was given, and what can be asked of it."""

    network: str
    trained_size: int
    files: dict[tuple[str, int], str]
    """What is opened, by runtime and size; 0 for a file that runs at every size."""
    only: Point | None = None
    """Size and batch size (0 for any) of an exported file that takes no others; its threads mean nothing."""


def ways(config: BenchConfig, sources: Sequence[Source]) -> dict[Point, list[Way]]:
    """All ways, by what those have in common that take turns.

    Args:
        config: the benchmark's.
        sources: the networks.

    Raises:
        MfpsError: an exported file does not take one of the sizes or batch sizes.
    """
    found: dict[Point, list[Way]] = {}
    threads = config.threads or (os.cpu_count() or 1,)
    for source in sources:
        for size, batch, count in product(config.sizes or (source.trained_size,), config.batch_sizes, threads):
            _check_takes(source, size, batch)
            point = Point(size, batch, count)
            found.setdefault(point, [])
            for (runtime, takes), file in source.files.items():
                if takes not in (0, size):
                    continue
                torch_only = product(config.layouts, config.precisions) if runtime == "torch" else (("", ""),)
                found[point] += [
                    Way(source.network, file, runtime, layout, precision, config.device, config.iterations, point)
                    for layout, precision in torch_only
                ]
    return found


def labels(networks: Sequence[str]) -> dict[str, str]:
    """Short names of networks for tables: those of their files or folders, with as much of their places as differs."""
    parts = {network: Path(network).parts or (network,) for network in networks}
    longest = max(map(len, parts.values()), default=1)
    for length in range(1, longest + 1):
        named = {network: "/".join(own[-length:]) for network, own in parts.items()}
        if len(set(named.values())) == len(named):
            return named
    return {network: network for network in networks}


def _check_takes(source: Source, size: int, batch: int) -> None:
    if source.only is None:
        return
    for name, asked, takes in (("sizes", size, source.only.size), ("batch_sizes", batch, source.only.batch)):
        if takes and asked != takes:
            raise MfpsError(f"{source.network}: was exported for `{name}` {takes}, not {asked}; leave it out")
    assert size % STRIDE == 0
