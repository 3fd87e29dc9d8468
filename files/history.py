"""Reading the history of a run, which has a record for each epoch. The journal writes it."""

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import MfpsError
from .json_text import read_strict
from .regular_file import read_text

MAX_HISTORY_BYTES = 128 * 2**20
"""An epoch takes a few kilobytes, or some tens in a search that writes its probabilities."""


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The records of a run's `history.jsonl`, in order.

    Raises:
        MfpsError: there is no history, or a line is not JSON.
    """
    file = folder / "history.jsonl"
    if not os.path.lexists(file):
        raise MfpsError(f"{folder}: holds no history.jsonl; give the folder of a search or a training")
    text = read_text(file, "history", MAX_HISTORY_BYTES, "give the folder of a search or a training")
    try:
        records: list[Any] = [read_strict(line, finite=False) for line in text.split("\n") if line]
    except MfpsError:
        records = [None]
    if not all(isinstance(record, dict) for record in records):
        raise MfpsError(f"{file}: a line is not a JSON object, so the file was changed or cut off; run again")
    return records


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
