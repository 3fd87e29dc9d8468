"""What is to be restored, after its inputs were checked, and what was."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console

from .config import RestoreConfig
from .open_runnable import Runnable
from .restore_plan import RestorePlan
from .restored_files import RestoredFiles
from .reuse import Reuse
from .running import Asked

if TYPE_CHECKING:
    from .whole.restoring import Done


class RestoreJob(NamedTuple):
    """What is to be restored."""

    config: RestoreConfig
    root: Path
    """The data folder, with stored priors."""
    folder: Path
    """Where the photographs lie."""
    names: tuple[str, ...]
    """The photographs."""
    files: RestoredFiles
    """Where the results go."""
    opened: Runnable
    """The network."""
    size: int
    """Side in pixels of the faces that it is given."""
    plan: RestorePlan
    """How it is run."""
    console: Console
    reuse: Reuse
    """What is kept of the network for the next restoration."""

    @property
    def asked(self) -> Asked:
        """How the network is to be computed."""
        return Asked(self.config.layout, self.config.precision, self.config.compile)


class Restored(NamedTuple):
    """What `restore` did."""

    files: tuple[Path, ...]
    """The restored faces or photographs, in the order of the photographs' names."""
    size: int
    """Side in pixels of the faces that the network was given."""
    iterations: int
    """Passes that were run."""
    left_out: tuple[str, ...]
    """Priors that the network takes and that were replaced by zeros; if these are all, it stopped after iteration 0."""
    fit: str
    """How many photographs were shrunk, enlarged and cut to their middle; empty if none was."""
    priors: str
    """The priors that were used, and what they were made from; empty if there were none."""
    decided: str = ""
    """Why the pictures were taken to be face crops or whole photographs; empty if nothing had to be decided."""
    passed_over: str = ""
    """What of the folder was not read; empty if there is nothing else in it."""
    whole: "Done | None" = None
    """What was done with whole photographs; None for face crops."""
