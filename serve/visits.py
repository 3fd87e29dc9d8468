"""Who has the page open: each visit has a folder for its photograph and results, which goes when the visit ends."""

import os
import shutil
import threading
import time
from pathlib import Path
from uuid import uuid4

from ..errors import MfpsError

MOST_VISITS = 16
"""Visits whose files are kept at the same time; one more ends the one that was quiet the longest."""

GONE = "the photograph is no longer kept; drop it again"

ARRIVING_S = 600
"""An upload that nobody has taken after this time is removed."""


class Visits:
    """The folders of the visits, in one folder in which uploads arrive too.

    Args:
        folder: the folder; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._folders: dict[str, Path] = {}
        self._lock = threading.Lock()

    def take(self, visit: str, upload: Path) -> Path:
        """Move an upload into the folder of a visit, from which everything of the photograph before it is removed.

        Args:
            visit: names the visit.
            upload: the file that arrived.

        Returns:
            The photograph, under its own name.

        Raises:
            MfpsError: it is no longer there.
        """
        self.end(visit)
        folder = self._made(visit) / "given"
        folder.mkdir()
        try:
            return Path(shutil.move(upload, folder / upload.name))
        except OSError:
            raise MfpsError(f"{upload.name}: is no longer there; drop it again") from None
        finally:
            if upload.parent != self.folder and upload.parent.is_relative_to(self.folder):
                shutil.rmtree(upload.parent, ignore_errors=True)

    def photograph(self, visit: str) -> Path:
        """The photograph of a visit.

        Raises:
            MfpsError: it has none, or it was removed.
        """
        with self._lock:
            folder = self._folder(visit)
            self._folders[visit] = self._folders.pop(visit)  # the quietest one stands first
        found = list((folder / "given").glob("*"))
        if not found:
            raise MfpsError(GONE)
        return found[0]

    def empty_folder(self, visit: str, name: str) -> Path:
        """An empty folder of this name in the folder of a visit; what it held is removed.

        Raises:
            MfpsError: the visit has ended, or has no photograph.
        """
        with self._lock:
            folder = self._folder(visit) / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def end(self, visit: str) -> None:
        """Remove the files of a visit, if there are any."""
        with self._lock:
            folder = self._folders.pop(visit, None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def bytes_kept(self) -> int:
        """Size of all files, of uploads too."""
        return sum(
            entry.stat().st_size for entry in self.folder.rglob("*") if os.path.lexists(entry) and entry.is_file()
        )

    def _folder(self, visit: str) -> Path:
        if visit not in self._folders:
            raise MfpsError(GONE)
        return self._folders[visit]

    def _made(self, visit: str) -> Path:
        with self._lock:
            if visit not in self._folders:
                # The browser names the visit, so the folder gets another name, which nobody can guess.
                self._folders[visit] = self.folder / f"visit-{uuid4().hex}"
                self._folders[visit].mkdir()
            made, quiet = self._folders[visit], list(self._folders)[:-MOST_VISITS]
        for other in quiet:
            self.end(other)
        return made

    def sweep(self) -> None:
        """Remove uploads that nobody has taken."""
        with self._lock:
            kept = set(self._folders.values())
        for entry in self.folder.iterdir():
            try:
                old = time.time() - entry.stat().st_mtime > ARRIVING_S
                if old and entry not in kept:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            except OSError:  # another visit took it, or removed it
                continue
