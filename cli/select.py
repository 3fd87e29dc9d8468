"""`mfps select`."""

from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from ..genotypes.front import Member
    from ..nas.selection.config import SelectConfig
    from ..nas.selection.stage import Stopwatch


def model() -> "type[SelectConfig]":
    """The command's fields."""
    from ..nas.selection.config import SelectConfig

    return SelectConfig


def select(config: "SelectConfig") -> None:
    """Select the best genotypes within a budget on the supernet of a finished search.

    Writes front.json, its members in front/, and the best one as genotype.json. What is not given is as in the search.
    Given again after an interruption, or with another budget, it measures no genotype twice.
    """
    from ..nas.selection.stage import select_run

    select_run(config, o.console(), stopwatch=stopwatch())
    folder = config.out or config.run
    o.report(
        *selected(folder),
        f"next      mfps retrain {o.written(genotype=folder)} --data ... --out ...   "
        f"(another member: --genotype {o.quoted(f'{folder}#0')})",
    )


def stopwatch() -> "Stopwatch":
    """What times the members of a front; it is imported when it is needed."""

    def measured(*given: "Any") -> "Sequence[float]":
        from ..bench.latency.finalists import measured_ms

        return measured_ms(*given)

    return measured


def selected(folder: "Path") -> tuple[str, str]:
    """What a selection left in a folder, in two lines."""
    from ..genotypes.front import read_front

    front = read_front(folder)
    best, count = front.members[-1], len(front.members)
    return (
        f"front     {folder / 'front.json'}: {count} genotype{'s' * (count > 1)}, {folder / 'front.svg'}",
        f"genotype  {folder / 'genotype.json'}: {best.psnr:.3f} dB on the supernet, {best.gflops:.3f} GFLOPs, "
        f"{best.parameters:,} parameters{_times(best)}",
    )


def _times(best: "Member") -> str:
    if best.ms is None:
        return ""
    measured = "" if best.measured_ms is None else f" (measured {best.measured_ms:.3g})"
    return f", {best.ms:.3g} ms{measured}"
