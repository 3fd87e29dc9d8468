"""The journal of a run: one line of JSON for each epoch, and the same numbers for TensorBoard."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import MfpsError
from ..files.history import flat_numbers
from .curves import Curves

NO_CURVES = frozenset(("epoch", "step", "genotype", "top_paths", "probabilities"))
"""Entries of an epoch's record that are not curves over the steps."""


class Journal:
    """Writes `history.jsonl` and `tensorboard/` of a run folder. A context manager.

    The history holds no times, so that the same seed produces the same bytes; TensorBoard gets the speeds.

    Args:
        folder: the run folder.
        size: bytes of the history from which the run continues; the rest is cut off.
        step: the step from which it continues; TensorBoard hides the points of later steps.

    Raises:
        MfpsError: the history is shorter.
    """

    def __init__(self, folder: Path, size: int = 0, step: int = 0) -> None:
        self.file = folder / "history.jsonl"
        self.rewind(size)
        self._curves = Curves(folder / "tensorboard", step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._curves.close()

    def rewind(self, size: int) -> None:
        """Cut the history off after `size` bytes."""
        found = self.file.stat().st_size if self.file.exists() else 0
        if found < size:
            raise MfpsError(
                f"{self.file}: has {found} bytes, but had {size} when the run was saved; it was changed, so start "
                "again with `overwrite`"
            )
        if found > size:
            os.truncate(self.file, size)

    def epoch(self, record: Mapping[str, Any], step: int) -> int:
        """Append one epoch's record, and its numbers as curves.

        Returns:
            The size of the history on disk, in bytes.
        """
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        for name, value in flat_numbers({key: value for key, value in record.items() if key not in NO_CURVES}):
            self._curves.add(f"epoch/{name}", value, step)
        self._curves.flush()
        return size

    def step(self, step: int, values: Mapping[str, float]) -> None:
        """Add one step's numbers, to TensorBoard only."""
        for name, value in values.items():
            self._curves.add(f"step/{name}", value, step)
