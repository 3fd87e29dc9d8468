"""Restoring aligned face crops: degraded faces in, restored faces out."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..engine.device import choose_device
from ..engine.progress import track
from ..images.fit_note import fit_note
from ..images.image import fit_square, image_size, read_image
from ..images.photograph import Photograph, write_photograph
from ..images.tensors import images_to_tensor, to_uint8
from ..priors.face_priors import FacePriors
from ..priors.provenance import describe_priors, read_provenance
from .exported_network import ExportedNetwork
from .folded_inputs import folded_inputs
from .open_runnable import make_ready
from .overlapped import Inputs, pictures
from .prior_runs import run_with_priors
from .restore_job import Restored, RestoreJob
from .restored_files import COMPARISONS, RestoredFiles


def restore_crops(job: RestoreJob) -> Restored:
    """Restore aligned face crops; all are written or none.

    Args:
        job: what is to be restored.

    Raises:
        MfpsError: an input cannot be used; nothing is written then.
    """
    config, folder, names, opened, size, plan = job.config, job.folder, job.names, job.opened, job.size, job.plan
    sizes = {name: image_size(folder / name) for name in names}  # first, as a half-restored folder helps nobody
    recorded = read_provenance(job.root, config.follow_links)
    priors = _face_priors(job, sizes)
    model = make_ready(opened, config.device, job.asked, len(names), job.console, plan.passes)
    folded = isinstance(opened, ExportedNetwork) and opened.folded
    given: dict[int, np.ndarray] = {}  # what is still needed of the input when the output is there
    keep = config.cmp or config.blend < 1

    def read() -> Iterator[Inputs]:
        for chosen in _batches(len(names), config.batch_size):
            pairs = [fit_square(read_image(folder / names[i]), size, enlarge=True) for i in chosen]
            if keep:
                given.update((i, picture) for i, (picture, _) in zip(chosen, pairs, strict=True))
            degraded = images_to_tensor([image for image, _ in pairs])
            stored = [priors.load(i, fit) for i, (_, fit) in zip(chosen, pairs, strict=True)]
            yield Inputs(degraded, folded_inputs(opened, stored) if folded else priors.tensors(stored, degraded))

    def run(degraded: Tensor, stored: Mapping[str, Tensor]) -> Tensor:
        return run_with_priors(model, degraded, stored, plan.source, plan.extract, plan.passes)[-1]

    def write(chosen: Sequence[int], restored: Tensor, into: Path) -> None:
        for i, picture in zip(chosen, to_uint8(restored.numpy()), strict=True):
            before = given.pop(i, picture)
            _write_crop(into, job.files, i, before, _blended(before, picture, config.blend), config.cmp)

    count = len(names)
    with (
        job.files.all_or_none() as unfinished,
        track("restore", count, job.console) as tick,
        torch.no_grad(),
        ThreadPoolExecutor(1, "write") as writer,
        closing(pictures(read(), run, choose_device(config.device))) as made,
    ):
        written: Future[None] | None = None
        for chosen, restored in zip(_batches(count, config.batch_size), made, strict=True):
            if written is not None:
                written.result()
            written = writer.submit(write, chosen, restored, unfinished)
            tick(at=chosen.stop)
        if written is not None:
            written.result()
    fit = fit_note(sizes.values(), size)
    described = describe_priors(plan.used, plan.source, recorded) if plan.used else ""
    files = tuple(job.files.folder / result for result in job.files.names)
    return Restored(files, size, plan.passes, plan.zeroed, fit, described)


def _write_crop(
    folder: Path, files: RestoredFiles, number: int, before: np.ndarray, after: np.ndarray, compare: bool
) -> None:
    shown = [(folder / files.names[number], after)]
    if compare:
        shown.append((folder / COMPARISONS / files.names[number], np.hstack([before, after])))
    for file, picture in shown:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_photograph(file, Photograph(picture), files.kind, files.single)


def _blended(before: np.ndarray, after: np.ndarray, blend: float) -> np.ndarray:
    return after if blend == 1 else np.rint(before * (1 - blend) + after * blend).astype(np.uint8)


def _batches(count: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, count)) for start in range(0, count, size))


def _face_priors(job: RestoreJob, sizes: Mapping[str, tuple[int, int]]) -> FacePriors:
    compiled, plan, links = job.opened, job.plan, job.config.follow_links
    without_priors = plan.passes == 1 and bool(plan.wanted)
    channels = compiled.config.prior_channels
    dropped: dict[str, int | None] = {prior: channels[prior] for prior in plan.zeroed}
    read = () if without_priors or plan.extract else plan.wanted
    priors = FacePriors(job.root, job.names, sizes, read, compiled.heatmap_rgb, dropped, links)
    compiled.check_priors(priors.channels, job.root)
    return priors
