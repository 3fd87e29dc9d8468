"""Restoring photographs: degraded, aligned faces in, restored faces out."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from torch import Tensor

from ..engine.device import choose_device
from ..engine.progress import track
from ..errors import MfpsError
from ..files.atomic_folder import atomic_folder, check_free
from ..files.regular_file import is_file
from ..images.fit_note import fit_note
from ..images.image import fit_square, image_size, read_image, write_image
from ..images.lists import find_photographs, png_names
from ..images.tensors import images_to_tensor, to_uint8
from ..networks.restorer import STRIDE
from ..priors.extractor import ExternalSources, PriorExtractor
from ..priors.face_priors import FacePriors, stored_prior
from ..priors.provenance import describe_priors, read_provenance
from .config import RestoreConfig
from .exported_network import ExportedNetwork
from .folded_inputs import folded_inputs
from .network_facts import NetworkFacts
from .open_runnable import make_ready, open_runnable
from .overlapped import Inputs, pictures
from .prior_runs import prior_extractor, run_with_priors
from .running import Asked


class Restored(NamedTuple):
    """What `restore` did."""

    files: tuple[Path, ...]
    """The restored faces, in the order of the photographs' names."""
    size: int
    """Their side in pixels."""
    iterations: int
    """Passes that were run."""
    left_out: tuple[str, ...]
    """Priors that the network takes and that were replaced by zeros; if these are all, it stopped after iteration 0."""
    fit: str
    """How many photographs were shrunk, enlarged and cut to their middle; empty if none was."""
    priors: str
    """The priors that were used, and what they were made from; empty if there were none."""


class _Photographs(NamedTuple):
    root: Path
    folder: Path
    names: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int]]


class _Plan(NamedTuple):
    """What is run."""

    passes: int
    wanted: tuple[str, ...]
    """Priors that the network would use."""
    zeroed: tuple[str, ...]
    """Those of them that are replaced by zeros."""
    extract: PriorExtractor | None
    """Finds the priors that aren't stored."""


def restore(config: RestoreConfig, console: Console | None = None) -> Restored:
    """Restore degraded, aligned faces; each becomes a PNG file of its name in a new folder.

    A photograph that is not square is cropped to its middle. It is resized to `size`, enlarged if need be, and the
    restored face has the same size. Priors are read from `priors` beside the photographs, or found on the fly. Missing
    priors are replaced by zeros and reported; if all are missing, the network stops after iteration 0, which needs
    none.

    Args:
        config: the network, the photographs, and how they are restored.
        console: where progress is shown; by default nowhere.

    Returns:
        The files written, and how they were made.

    Raises:
        MfpsError: an input cannot be used; nothing is written then.
    """
    check_free(config.out)
    device = choose_device(config.device)
    opened = open_runnable(config.weights, config.genotype, config.runtime)
    size = config.size or opened.size
    if size < STRIDE or size % STRIDE:  # the file may say anything
        raise MfpsError(f"{config.weights}: its size {size} is not a positive multiple of {STRIDE}; set `size`")
    if isinstance(opened, ExportedNetwork):
        opened.check_size(config.size)
        opened.check_iterations(config.iterations)
    faces = _photographs(config.source, config.follow_links)
    results = png_names(faces.names, config.source)
    plan = _plan(config, opened, faces.root, device)
    recorded = read_provenance(faces.root, config.follow_links)
    priors = _face_priors(opened, faces, plan, config.follow_links)
    progress = console or Console(quiet=True)
    asked = Asked(config.layout, config.precision, config.compile)
    model = make_ready(opened, config.device, asked, len(faces.names), progress, plan.passes)
    folded = isinstance(opened, ExportedNetwork) and opened.folded

    def read() -> Iterator[Inputs]:
        for chosen in _batches(len(faces.names), config.batch_size):
            pairs = [fit_square(read_image(faces.folder / faces.names[i]), size, enlarge=True) for i in chosen]
            degraded = images_to_tensor([image for image, _ in pairs])
            stored = [priors.load(i, fit) for i, (_, fit) in zip(chosen, pairs, strict=True)]
            given = folded_inputs(opened, stored) if folded else priors.tensors(stored, degraded)
            yield Inputs(degraded, given)

    def run(degraded: Tensor, given: Mapping[str, Tensor]) -> Tensor:
        return run_with_priors(model, degraded, given, config.priors_from, plan.extract, plan.passes)[-1]

    def write(chosen: Sequence[int], restored: Tensor, folder: Path) -> None:
        for i, picture in zip(chosen, to_uint8(restored.numpy()), strict=True):
            file = folder / results[i]
            file.parent.mkdir(parents=True, exist_ok=True)
            write_image(file, picture)

    count = len(faces.names)
    with (
        atomic_folder(config.out) as unfinished,
        track("restore", count, progress) as tick,
        torch.no_grad(),
        ThreadPoolExecutor(1, "write") as writer,
        closing(pictures(read(), run, device)) as made,
    ):
        written: Future[None] | None = None
        for chosen, restored in zip(_batches(count, config.batch_size), made, strict=True):
            if written is not None:
                written.result()
            written = writer.submit(write, chosen, restored, unfinished)
            tick(at=chosen.stop)
        if written is not None:
            written.result()
    fit = fit_note(faces.sizes.values(), size)
    used = [prior for prior in plan.wanted if prior not in plan.zeroed]
    described = describe_priors(used, config.priors_from, recorded) if used else ""
    files = tuple(config.out / result for result in results)
    return Restored(files, size, plan.passes, plan.zeroed, fit, described)


def _batches(count: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, count)) for start in range(0, count, size))


def _plan(config: RestoreConfig, compiled: NetworkFacts, root: Path, device: torch.device) -> _Plan:
    passes = config.iterations or compiled.last_pass
    wanted = compiled.priors if passes > 1 else ()
    compiled.check_dropped(config.drop_prior)
    zeroed = tuple(prior for prior in config.drop_prior if prior in wanted)
    if config.priors_from != "clean":
        if isinstance(compiled, ExportedNetwork):
            compiled.check_found_priors(config.priors_from)
        sources = ExternalSources(config.weights_dir, config.parser, config.dictionary, config.landmarks_by)
        return _Plan(passes, wanted, zeroed, prior_extractor(compiled, sources, device, zeroed) if wanted else None)
    # A network runs with fewer priors than it was trained with: missing ones are replaced by zeros and reported.
    zeroed += tuple(prior for prior in wanted if prior not in zeroed and not stored_prior(root, prior))
    if wanted and set(zeroed) == set(wanted) and compiled.gives_pass(1):
        passes = 1
    return _Plan(passes, wanted, zeroed, None)


def _face_priors(compiled: NetworkFacts, faces: _Photographs, plan: _Plan, follow_links: bool) -> FacePriors:
    without_priors = plan.passes == 1 and bool(plan.wanted)
    channels = compiled.config.prior_channels
    dropped: dict[str, int | None] = {prior: channels[prior] for prior in plan.zeroed}
    read = () if without_priors or plan.extract else plan.wanted
    priors = FacePriors(faces.root, faces.names, faces.sizes, read, compiled.heatmap_rgb, dropped, follow_links)
    compiled.check_priors(priors.channels, faces.root)
    return priors


def _photographs(source: Path, follow_links: bool) -> _Photographs:
    """The photographs to restore; all headers are read first, since a half-restored folder helps nobody."""
    folder, names = find_photographs(source, follow_links)
    root = source
    if is_file(source):
        root = folder.parent if folder.name == "images" else folder
    return _Photographs(root, folder, names, {name: image_size(folder / name) for name in names})
