"""The networks and the runs that a page is given: opened before it starts, so that a wrong one is told at once."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..engine.weights import weights_in
from ..errors import MfpsError
from ..files.regular_file import is_file, is_folder
from ..inference.open_runnable import Runnable, open_runnable
from ..inference.reuse import Reuse
from .run_kinds import RUN_FILES

MOST_FACES = 64
"""Restored faces that are remembered of each network."""


class Network(NamedTuple):
    """A network that restores."""

    name: str
    weights: Path
    """As it was given."""
    reuse: Reuse

    @property
    def opened(self) -> Runnable:
        """The network."""
        return self.reuse.opened

    @property
    def passes(self) -> list[int]:
        """How many iterations can be chosen."""
        return [number for number in range(1, self.opened.last_pass + 1) if self.opened.gives_pass(number)]


class Given(NamedTuple):
    """What a page is given."""

    networks: dict[str, Network]
    """By name, in the order in which they were given."""
    runs: dict[str, Path]
    """Run folders by name."""
    silent: str
    """Why the first of the others does not restore; empty if all do."""


def open_given(paths: Sequence[Path], check: Callable[[], None]) -> Given:
    """Open what a page is given.

    Args:
        paths: run folders, weights files and exported files.
        check: called before faces are restored; what it raises ends the restoration.

    Raises:
        MfpsError: a path is none of these, or its weights are damaged.
    """
    networks, runs, silent = dict[str, Network](), dict[str, Path](), ""
    for name, path in zip(_names(paths), paths, strict=True):
        is_run = is_folder(path) and any(is_file(path / file) for file in RUN_FILES)
        if not is_run and not is_file(weights_in(path)):
            raise MfpsError(
                f"`runs` {path}: neither a run folder nor a weights file; give the folder of a search, a training or "
                "an evaluation"
            )
        if is_run:
            runs[name] = path
        if not is_file(weights_in(path)):
            continue
        try:
            opened = open_runnable(path, None, "auto")
        except MfpsError as error:
            if not is_run:
                raise
            silent = silent or str(error)
            continue
        networks[name] = Network(name, path, Reuse(opened, MOST_FACES, check))
    return Given(networks, runs, silent)


def _names(paths: Sequence[Path]) -> list[str]:
    """A short name for each path, none twice."""
    names: list[str] = []
    for path in paths:
        name = path.absolute().name or str(path)
        alike = [other for other in paths if other.absolute().name == path.absolute().name]
        name = name if len(alike) == 1 else f"{path.absolute().parent.name}/{name}"
        while name in names:
            name = f"{name} again"
        names.append(name)
    return names
