"""The files that a selection leaves: the front, its members and its picture; the best genotype and its drawings."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...files.atomic_file import write_atomically
from ...genotypes.drawing.drawing import draw_genotype
from ...genotypes.front import FRONT, FRONT_FOLDER, Counted, Front, Limits, Member
from ...genotypes.genotype import Genotype
from ..budget import Budget
from .measurements import Proposal
from .select import Selection

OWN_FILES = re.compile(r"front\.(json|svg|png)|front/\d{2,6}\.json|genotype\.(json|svg|png)")
"""The files of an earlier selection in a folder, which a later one replaces all together."""


def clear_selection(folder: Path) -> None:
    """Remove the files of a selection, but not what it measured, from a run folder."""
    for path in [*folder.iterdir(), *(folder / FRONT_FOLDER).glob("*")]:
        if OWN_FILES.fullmatch(path.relative_to(folder).as_posix()) and not path.is_dir():
            path.unlink()


def front_of(
    selection: Selection, supernet: str, counted: Counted, budget: Budget, measured: Sequence[float] = ()
) -> Front:
    """The front as `front.json` holds it.

    Args:
        selection: what was found.
        supernet: the SHA-256 of the supernet and of the faces that selected.
        counted: what the costs are those of.
        budget: within which the front is.
        measured: milliseconds of each of its networks, if they were timed.
    """
    members = [
        Member(
            number=number,
            file=f"{FRONT_FOLDER}/{number:02d}.json",
            hash=found.evaluation.hash,
            psnr=found.evaluation.psnr,
            gflops=found.evaluation.flops / 1e9,
            parameters=found.evaluation.parameters,
            ms=cost.milliseconds,
            measured_ms=measured[number] if measured else None,
            origin=found.origin,
        )
        for number, (found, cost) in enumerate(zip(selection.front, selection.costs, strict=True))
    ]
    limits = Limits(
        max_gflops=_limit(budget.max_flops, 1e9),
        max_parameters=_whole(budget.max_parameters),
        min_gflops=_limit(budget.min_flops, 1e9),
        min_parameters=_whole(budget.min_parameters),
        max_ms=_limit(budget.max_nanoseconds, 1e6),
    )
    return Front(
        schema="mfps.front/1",
        supernet=supernet,
        cost=selection.cost,
        counted=counted,
        budget=limits,
        evaluated=selection.tally,
        members=members,
        baselines=selection.baselines,
    )


def write_front(folder: Path, front: Front, selection: Selection, name: str, provenance: Mapping[str, Any]) -> Genotype:
    """Write `front.json`, `front/`, their picture, and `genotype.json` with its drawings.

    Args:
        folder: an empty folder.
        front: what `front_of` made of the selection.
        selection: what was found.
        name: of the genotypes; a member's number is added.
        provenance: what each says about its search; its measurements are added.

    Returns:
        The best genotype.
    """
    from ...genotypes.drawing.front_figure import draw_front  # matplotlib takes half a second

    (folder / FRONT_FOLDER).mkdir()
    members = [
        _named(found, f"{name}, front {member.number}", provenance)
        for member, found in zip(front.members, selection.front, strict=True)
    ]
    for member, genotype in zip(front.members, members, strict=True):
        write_atomically(folder / member.file, genotype.to_json())
    best = members[-1]
    write_atomically(folder / "genotype.json", best.to_json())
    for suffix in ("svg", "png"):
        draw_genotype(best, folder / f"genotype.{suffix}")
        draw_front(front, selection.measured, folder / f"front.{suffix}")
    write_atomically(folder / FRONT, front.to_json())
    return best


def _named(found: Proposal, name: str, provenance: Mapping[str, Any]) -> Genotype:
    said = {**provenance, "psnr": found.evaluation.psnr, "origin": found.origin}
    return found.genotype.model_copy(update={"name": name[:200], "provenance": said})


def _limit(value: float | int, unit: float) -> float | None:
    return value / unit if value and math.isfinite(value) else None


def _whole(value: float | int) -> int | None:
    return int(value) if value and math.isfinite(value) else None
