"""The record that an export leaves beside its files, as far as it is read again: the SHA-256 of each."""

from pathlib import Path
from typing import Any

from ..errors import MfpsError, shortened
from ..files.json_text import read_strict
from ..files.regular_file import is_file, read_text

PARITY_FILE = "parity.json"
"""Its name."""

MAX_PARITY_BYTES = 2**20


def recorded_sha256(file: Path) -> str | None:
    """The SHA-256 that the export wrote down beside a file; None if it did not.

    Raises:
        MfpsError: the record cannot be read.
    """
    beside = file.with_name(PARITY_FILE)
    if not is_file(beside):
        return None
    try:
        record = read_strict(read_text(beside, "record of an export", MAX_PARITY_BYTES))
    except MfpsError as error:
        raise MfpsError(f"{beside}: {shortened(str(error), 200)}; export the network again, or remove it") from None
    entries: Any = record.get("files") if isinstance(record, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("file") == file.name and isinstance(entry.get("sha256"), str):
            return entry["sha256"]
    return None
