"""`mfps degrade`."""

from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from ..degradation.config import DegradeConfig


def model() -> "type[DegradeConfig]":
    """The command's fields."""
    from ..degradation.config import DegradeConfig

    return DegradeConfig


def degrade(config: "DegradeConfig") -> None:
    """Degrade photographs, to see what a preset does or to make a test set."""
    from ..degradation.folder import degradation_targets, degrade_files
    from ..engine.progress import track
    from ..files.atomic_folder import check_writable
    from ..images.fit_note import fit_note

    check_writable(config.out)
    photographs = degradation_targets(config.source, config.out, config.follow_links)
    if config.size and (note := fit_note((one.extent for one in photographs), config.size)):
        o.report(f"note      {note}")
    made = degrade_files(config.source, config.out, photographs, config.degradation, config.size, config.seed)
    with track("degrade", len(photographs), o.console()) as tick:
        for _ in made:
            tick()
    o.report(f"degraded  {len(photographs)} photographs in {config.out}")
