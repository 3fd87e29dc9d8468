"""Restoring photographs: aligned face crops, or whole photographs in which faces are found."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console

from ..engine.device import choose_device
from ..engine.terminal import say
from ..errors import MfpsError
from ..files.regular_file import is_file, is_folder
from ..images.lists import find_photographs
from ..images.passed_over import passed_over
from ..networks.restorer import STRIDE
from .config import RestoreConfig
from .exported_network import ExportedNetwork
from .open_runnable import open_runnable
from .restore_crops import restore_crops
from .restore_job import Restored, RestoreJob
from .restore_plan import restore_plan
from .restored_files import check_out, restored_files
from .reuse import Reuse

if TYPE_CHECKING:
    from ..priors.landmarks.detector import LandmarkDetector
    from .whole.crop_or_whole import Verdict


class _Found(NamedTuple):
    root: Path
    folder: Path
    names: tuple[str, ...]


def restore(
    config: RestoreConfig,
    console: Console | None = None,
    detector: "LandmarkDetector | None" = None,
    reuse: Reuse | None = None,
) -> Restored:
    """Restore degraded, aligned faces, or whole photographs.

    Face crops: each becomes a picture of its name in a new folder; all are written or none. One that is not square is
    cropped to its middle. It is resized to `size`, enlarged if need be, and the restored face has the same size. Priors
    are read from `priors` beside the photographs, or found on the fly. Missing priors are replaced by zeros and
    reported; if all are missing, the network stops after iteration 0, which needs none.

    Whole photographs: the faces of each are found, restored with priors found in the coarse output, and pasted back;
    nothing else of it changes. A bad one is skipped, and what is done stays. See `whole.restoring`.

    Args:
        config: the network, the photographs, and how they are restored.
        console: where progress is shown; by default nowhere.
        detector: finds the faces of whole photographs; by default the one that `landmarks_by` names.
        reuse: the network that `weights` names, opened before with the same settings; by default it is opened.

    Returns:
        The files written, and how they were made.

    Raises:
        MfpsError: an input cannot be used; nothing is written then.
    """
    check_out(config)
    device = choose_device(config.device)
    reuse = reuse or Reuse(open_runnable(config.weights, config.genotype, config.runtime))
    opened = reuse.opened
    size = config.size or opened.size
    if size < STRIDE or size % STRIDE:  # the file may say anything
        raise MfpsError(f"{config.weights}: its size {size} is not a positive multiple of {STRIDE}; set `size`")
    if isinstance(opened, ExportedNetwork):
        opened.check_size(config.size)
        opened.check_iterations(config.iterations)
    found = _photographs(config.source, config.follow_links)
    files = restored_files(config, found.names)
    progress = console or Console(quiet=True)
    over = passed_over(config.source, found.folder, found.names)
    verdict = _verdict(config, found, size, detector)
    for note in (over and f"passed over: {over}", verdict and verdict.reason):
        if note:
            say(progress, f"note      {note}")
    whole = verdict is not None and verdict.whole
    source = config.priors_from if not whole or "priors_from" in config.model_fields_set else "coarse"
    plan = restore_plan(config, reuse, source, found.root, device)
    job = RestoreJob(config, *found, files, opened, size, plan, progress, reuse)
    if verdict is not None and verdict.whole and verdict.detector is not None:
        from .whole.album import restore_whole

        done = restore_whole(job, verdict.detector)
    else:
        done = restore_crops(job)
    return done._replace(decided=verdict.reason if verdict else "", passed_over=over)


def _verdict(config: RestoreConfig, found: _Found, size: int, detector: "LandmarkDetector | None") -> "Verdict | None":
    """Whether the pictures are whole photographs; None for face crops where nothing has to be decided."""
    stored = "priors_from" in config.model_fields_set and config.priors_from == "clean"
    if config.whole and stored:
        raise MfpsError(
            "`priors_from` clean: whole photographs have no stored priors; give coarse, their default, or degraded"
        )
    if config.whole is False or stored or (config.whole is None and is_folder(found.root / "priors")):
        return None
    # Face crops need neither the detector's libraries nor OpenCV.
    from ..priors.landmarks.detector import is_at_hand, open_detector
    from .whole.crop_or_whole import Verdict, crops_or_whole

    def opened() -> "LandmarkDetector | None":
        if detector is not None:
            return detector
        if config.whole is None and config.landmarks_by == "auto" and not is_at_hand(config.weights_dir):
            return None
        return open_detector(config.landmarks_by, config.device, config.weights_dir)

    if config.whole:
        return Verdict(True, "", opened())
    return crops_or_whole(found.folder, found.names, size, opened)


def _photographs(source: Path, follow_links: bool) -> _Found:
    folder, names = find_photographs(source, follow_links)
    root = source
    if is_file(source):
        root = folder.parent if folder.name == "images" else folder
    return _Found(root, folder, names)
