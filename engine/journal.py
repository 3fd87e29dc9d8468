"""The journal of a run: a line of JSON for each epoch, the same numbers for TensorBoard, and reading them back."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch.utils.tensorboard import SummaryWriter

from ..errors import MfpsError


class Journal:
    """Writes `history.jsonl` and `tensorboard/` of a run folder. A context manager.

    The history holds no clock times, so that the same seed gives the same bytes; speeds go to TensorBoard.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "history.jsonl"
        self._writer = SummaryWriter(str(folder / "tensorboard"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def epoch(self, record: Mapping[str, Any], step: int) -> None:
        """Append one epoch's record, and its numbers as curves."""
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        for name, value in flat_numbers(record):
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def step(self, step: int, **values: float) -> None:
        """Add one step's numbers to TensorBoard alone."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)


def flat_numbers(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The finite numbers of a nested record, each under its path (`entropy/upsample/ends`, `psnr/mixed/0`)."""
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flat_numbers(value, f"{name}/")
        elif isinstance(value, list):
            yield from flat_numbers({str(i): v for i, v in enumerate(value) if isinstance(v, float)}, f"{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield name, float(value)


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The records of a run's `history.jsonl`, in order.

    Raises:
        MfpsError: there is none, or a line is not JSON.
    """
    file = folder / "history.jsonl"
    if not file.is_file():
        raise MfpsError(f"{folder}: holds no history.jsonl; give the folder of a search or a training")
    try:
        records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        if all(isinstance(record, dict) for record in records):
            return records
    except (json.JSONDecodeError, UnicodeDecodeError):
        pass
    raise MfpsError(f"{file}: a line is not a JSON object; the file was changed or cut off, run again")
