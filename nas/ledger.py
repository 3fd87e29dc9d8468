"""The cost ledger of a search: what each of its stages took, over all sittings.

It has times, and so is no part of the history, whose bytes follow from the seed. What a sitting did after it was last
saved is lost where it is killed, and steps that are repeated after that count again, as they were paid for twice.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from ..errors import MfpsError, RunStopped, first_violation
from ..files.atomic_file import write_atomically
from ..files.json_text import read_strict
from ..files.regular_file import is_file, read_text
from ..genotypes.branch_genotype import StrictModel

if TYPE_CHECKING:
    from torch import nn

NAME = "ledger.json"
"""The file in the run folder."""

MAX_BYTES = 100_000
"""A stage takes about a hundred bytes."""

Number = TypeVar("Number", int, float)
Amount = Annotated[Number, Field(ge=0)]


class StageCost(StrictModel):
    """What a stage took, over all sittings."""

    stage: str
    """`search` or `selection`."""
    seconds: Amount[float] = 0.0
    """Time on the clock in which it ran."""
    steps: Amount[int] = 0
    """Updates of the weights, or candidates that were scored."""
    forward_passes: Amount[int] = 0
    """Runs of the whole network over a batch: to train, to validate, to re-estimate statistics, to score."""
    peak_mb: Amount[float] = 0.0
    """Most memory at any time, in megabytes (10^6 bytes): of the GPU where one is used, else of the process."""


_FILE = TypeAdapter(list[StageCost])


def read_ledger(folder: Path) -> list[StageCost]:
    """The ledger of a run folder, in the order in which its stages began; empty if there is none.

    Raises:
        MfpsError: the file is not a ledger.
    """
    file = folder / NAME
    if not is_file(file):
        return []
    remedy = "remove it, and the costs are counted from here on"
    text = read_text(file, "cost ledger", MAX_BYTES, remedy)
    try:
        return _FILE.validate_python(read_strict(text))
    except (ValidationError, MfpsError) as error:
        problem = first_violation(error) if isinstance(error, ValidationError) else error
        raise MfpsError(f"{file}: not a cost ledger ({problem}); {remedy}") from None


class Ledger:
    """Counts what one stage takes, on top of what its earlier sittings took.

    Args:
        folder: the run folder.
        stage: `search` or `selection`.
        clock: returns seconds.
        keeps: whether this process writes it; of several the first one does.

    Raises:
        MfpsError: the folder's ledger is damaged.
    """

    def __init__(
        self, folder: Path, stage: str, clock: Callable[[], float] = time.monotonic, keeps: bool = True
    ) -> None:
        self._keeps = keeps
        self._file = folder / NAME
        self._stages = {cost.stage: cost for cost in read_ledger(folder)}
        self._earlier = self._stages.setdefault(stage, StageCost(stage=stage))
        self._clock, self._began = clock, clock()
        self._steps = self._forward_passes = 0
        _restart_peak()

    def count(self, steps: int = 0, forward_passes: int = 0) -> None:
        """Add to the stage's counts."""
        self._steps += steps
        self._forward_passes += forward_passes

    def save(self) -> None:
        """Write the file, as after every epoch.

        Raises:
            MfpsError: it cannot be written.
        """
        if not self._keeps:
            return
        before = self._earlier
        self._stages[before.stage] = StageCost(
            stage=before.stage,
            seconds=round(before.seconds + self._clock() - self._began, 1),
            steps=before.steps + self._steps,
            forward_passes=before.forward_passes + self._forward_passes,
            peak_mb=max(before.peak_mb, round(_peak_bytes() / 1e6, 1)),
        )
        rows = [json.dumps(cost.model_dump()) for cost in self._stages.values()]
        write_atomically(self._file, "[\n  {}\n]\n".format(",\n  ".join(rows)))


@contextmanager
def counted_stage(folder: Path, stage: str, network: "nn.Module", keeps: bool = True) -> Iterator[Ledger]:
    """Count what a stage takes in the block, and every run of its network; save it at the end, or where it is stopped.

    Args:
        folder: the run folder.
        stage: as in `Ledger`.
        network: the whole network.
        keeps: as in `Ledger`.
    """
    ledger = Ledger(folder, stage, keeps=keeps)
    handle = network.register_forward_hook(lambda *_: ledger.count(forward_passes=1))
    try:
        yield ledger
    except RunStopped:
        ledger.save()
        raise
    finally:
        handle.remove()
    ledger.save()


def _cuda_in_use() -> bool:
    torch = sys.modules.get("torch")  # what has not loaded it uses no GPU
    return torch is not None and torch.cuda.is_initialized()


def _restart_peak() -> None:
    if _cuda_in_use():
        sys.modules["torch"].cuda.reset_peak_memory_stats()


def _peak_bytes() -> int:
    """Most bytes since the stage began on the GPU, or since the process began: the system keeps no other number."""
    if _cuda_in_use():
        return sys.modules["torch"].cuda.max_memory_allocated()
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
