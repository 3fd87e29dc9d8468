"""What `mfps prepare` has done so far: a line a photograph, so that an interrupted run goes on where it stopped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import MfpsError


class PrepareJournal:
    """An append-only file of JSON lines, the first one the settings.

    A line that an interruption cut off is dropped when the file is opened again.

    Args:
        file: the journal; made with its folder if missing.
        settings: what every entry depends on.

    Raises:
        MfpsError: the file was begun with other settings.
    """

    def __init__(self, file: Path, settings: dict[str, Any]) -> None:
        self.file = file
        self.entries: dict[str, dict[str, Any]] = {}
        first = json.dumps({"settings": settings}, sort_keys=True)
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(first + "\n", encoding="utf-8")
            return
        lines = list(_whole_lines(file))
        if not lines or lines[0] != first:
            raise MfpsError(
                f"{file.parent}: was begun with other settings ({_difference(lines, settings)}); "
                "give the same ones to go on, or another folder"
            )
        self.entries = {entry["key"]: entry for entry in map(json.loads, lines[1:])}
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def add(self, key: str, **entry: Any) -> None:
        """Write down what is done."""
        self.entries[key] = {"key": key, **entry}
        with self.file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(self.entries[key]) + "\n")


def _whole_lines(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            json.loads(line)
        except json.JSONDecodeError:
            return
        yield line


def _difference(lines: list[str], settings: dict[str, Any]) -> str:
    before = json.loads(lines[0]).get("settings", {}) if lines else {}
    plain = json.loads(json.dumps(settings))
    changed = [key for key in plain if before.get(key) != plain[key]]
    return ", ".join(f"{key} {before.get(key)} -> {plain[key]}" for key in changed[:3]) or "unreadable"
