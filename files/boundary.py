"""The boundary of a data folder: a link in it may lead anywhere inside it, but not out of it."""

import os
from pathlib import Path

from ..errors import MfpsError


class Boundary:
    """Refuses paths that lead out of a folder through links. The folder itself may be a link.

    Args:
        folder: an existing folder.
        follow_links: refuse nothing, as the user asked for it.
    """

    def __init__(self, folder: str | Path, follow_links: bool = False) -> None:
        self.folder = Path(folder)
        self._follow_links = follow_links
        self._real = os.path.realpath(folder)
        self._parents: dict[str, str] = {}

    def check(self, path: str | Path) -> None:
        """Raise an MfpsError if a path below the folder leads out of it. Nothing is opened.

        Args:
            path: a path that starts with the folder; it need not exist.
        """
        if self._follow_links:
            return
        parent, name = os.path.split(path)
        if parent not in self._parents:
            self._parents[parent] = os.path.realpath(parent)
        real = os.path.join(self._parents[parent], name)  # noqa: PTH118 - thousands of names, and strings are faster
        if os.path.islink(real):  # noqa: PTH114
            real = os.path.realpath(real)
        if real != self._real and not real.startswith(self._real.rstrip(os.sep) + os.sep):
            raise MfpsError(
                f"{path}: a link that leads out of {self.folder}; put a copy there, give the folder that it leads to, "
                "or set `follow_links`"
            )
