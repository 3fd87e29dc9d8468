"""The times of a study's networks: which jobs measure them, and what they found.

An architecture is timed once, whatever its seeds and however many arms have it, as time does not depend on its weights.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..bench.report import face_ms
from ..bench.ways import Point
from ..files.json_text import read_strict
from ..files.regular_file import read_text
from .job_folder import MAX_BYTES, JobFolder
from .jobs import Jobs


class Timings(NamedTuple):
    """The jobs that time what is judged."""

    chosen: dict[str, str]
    """By architecture, the job that times it."""
    spare: frozenset[str]
    """Jobs that are not run, as others time the same architectures."""


def timings_of(jobs: Jobs, judged: Mapping[str, str], done: set[str]) -> Timings:
    """Choose for each architecture the job that times it: the first one that is done, else the first of the plan.

    Args:
        jobs: of the study.
        judged: architectures by the networks that were judged.
        done: names of the jobs that have ended well.
    """
    by_architecture: dict[str, list[str]] = {}
    for network in jobs.networks:
        if network.timing is not None and network.name in judged:
            by_architecture.setdefault(judged[network.name], []).append(network.timing)
    chosen = {
        architecture: next((job for job in able if job in done), able[0])
        for architecture, able in by_architecture.items()
    }
    able = {job for each in by_architecture.values() for job in each}
    return Timings(chosen, frozenset(able.difference(chosen.values(), done)))


def measured_ms(folder: JobFolder) -> float:
    """What a job that is done found: milliseconds for one face."""
    return face_ms(_row(folder))


def timed_on(folders: Iterable[JobFolder]) -> list[str]:
    """The machines on which jobs that are done measured, with sizes and threads, each once."""
    found = [(_report(folder)["device"], _row(folder)) for folder in folders]
    return sorted({f"{device}: {Point(row['size'], row['batch'], row['threads'])}" for device, row in found})


def _row(folder: JobFolder) -> dict[str, Any]:
    (row,) = _report(folder)["measured"]
    return row


def _report(folder: JobFolder) -> dict[str, Any]:
    return read_strict(read_text(folder.product, "benchmark", MAX_BYTES))
