"""A journal of what a command has done, one line per item, so that an interrupted run continues where it stopped."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import MAX_VALUE, MfpsError, shortened
from .appended_line import append_line
from .atomic_file import write_atomically


class DoneJournal:
    """An append-only file of JSON lines; the first line holds the settings.

    When the file is opened again, a line that an interruption cut off is dropped.

    Args:
        file: the journal; it and its folder are made if missing.
        settings: what every entry depends on.
        essence: what of the settings must be the same when the file is opened again; by default everything.
        place: what it is the journal of, for messages; by default the folder of its folder.

    Raises:
        MfpsError: the file was started with other settings, or is not such a journal.
    """

    def __init__(
        self,
        file: Path,
        settings: Mapping[str, Any],
        essence: Callable[[Mapping[str, Any]], Any] = dict,
        place: Path | None = None,
    ) -> None:
        self.file = file
        self.entries: dict[str, dict[str, Any]] = {}
        first = json.dumps({"settings": settings}, sort_keys=True)
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, first + "\n")
            return
        lines = list(_whole_lines(file))
        before, now = _settings(lines), json.loads(first)["settings"]
        if before is None or essence(before) != essence(now):
            raise MfpsError(
                f"{place or file.parent.parent}: was started with other settings ({_difference(before, now)}); "
                "give the same ones to continue, or another folder"
            )
        try:
            self.entries = {entry["key"]: entry for entry in map(json.loads, lines[1:])}
        except (TypeError, KeyError):
            raise MfpsError(f"{file}: the journal is damaged; give another folder") from None
        write_atomically(file, "".join(f"{line}\n" for line in lines))

    def add(self, key: str, **entry: Any) -> None:
        """Record that an item is done; the record is on the disk then.

        Raises:
            MfpsError: it cannot be written.
        """
        done = {"key": key, **entry}
        append_line(self.file, json.dumps(done))
        self.entries[key] = done


def _whole_lines(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            return
        yield line


def _settings(lines: list[str]) -> dict[str, Any] | None:
    first = json.loads(lines[0]) if lines else None
    settings = first.get("settings") if isinstance(first, dict) else None
    return settings if isinstance(settings, dict) else None


def _difference(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    if before is None:
        return "unreadable"
    changed = [key for key in sorted(now.keys() | before.keys()) if before.get(key) != now.get(key)]
    return ", ".join(
        f"{key} {shortened(str(before.get(key)), MAX_VALUE)} -> {shortened(str(now.get(key)), MAX_VALUE)}"
        for key in changed[:3]
    )
