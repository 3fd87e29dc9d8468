"""Restoring photographs: degraded, aligned faces in, restored faces out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console

from ..engine.configuration import check_options
from ..engine.device import make_fabric
from ..engine.progress import track
from ..errors import MfpsError
from ..files.atomic_folder import atomic_folder, check_free
from ..files.regular_file import is_file
from ..images.image import fit_square, image_size, read_image, write_image
from ..images.lists import find_photographs, png_names
from ..images.tensors import images_to_tensor, to_uint8
from ..networks.restorer import STRIDE
from ..priors.extractor import ExternalSources
from ..priors.face_priors import FacePriors, stored_prior
from ..priors.provenance import describe_priors, read_provenance
from .compile import load_network
from .prior_runs import check_source, run_with_priors


class Restored(NamedTuple):
    """What `restore` did."""

    files: tuple[Path, ...]
    """The restored faces, in the order of the photographs' names."""
    size: int
    """Their side in pixels."""
    iterations: int
    """Passes that were run."""
    left_out: tuple[str, ...]
    """Priors that the network takes and that it went without, as zeros; without all of them it stopped after iteration
    0."""
    cropped: int
    """Photographs that were not square, of which only the middle was restored."""
    priors: str
    """The priors that were used, and what they were made from; empty for none."""


class _Photographs(NamedTuple):
    root: Path
    folder: Path
    names: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int]]


def restore(
    weights: Path,
    source: Path,
    out: Path,
    console: Console,
    *,
    iterations: int | None = None,
    size: int | None = None,
    batch_size: int = 8,
    device: str = "auto",
    precision: str = "float32",
    priors_from: str = "clean",
    drop_prior: Sequence[str] = (),
    sources: ExternalSources | None = None,
) -> Restored:
    """Restore degraded, aligned faces; each becomes a PNG file of its name in a new folder.

    A photograph that is not square gives its middle. It is brought to `size`, enlarged if need be, and so is the
    restored face. Priors are read from `priors` beside the photographs, or found on the fly; one that is nowhere is
    zeros, and without any the network stops after iteration 0, which needs none.

    Args:
        weights: weights file or run folder.
        source: a photograph, or a folder of them.
        out: folder to make.
        console: where progress is shown.
        iterations: passes over each face; by default the network's.
        size: side in pixels, a multiple of 8; by default the one the network was trained at.
        batch_size: faces at a time.
        device: auto, cpu, cuda or cuda:N.
        precision: float32 or bfloat16.
        priors_from: `clean` reads the ones beside the photographs, whatever those say that they were made from;
            `degraded` finds them in the photographs, `coarse` in the output of iteration 0.
        drop_prior: priors that are zeroed.
        sources: where the networks that find priors come from.

    Raises:
        MfpsError: something given cannot be used; nothing is written then.
    """
    check_options(
        batch_size=(batch_size, 1),
        size=(8 if size is None else size, 8),
        iterations=(1 if iterations is None else iterations, 1),
    )
    check_free(out)
    fabric = make_fabric(device, precision)
    compiled = load_network(weights)
    size = compiled.size if size is None else size
    if size % STRIDE:
        raise MfpsError(f"size {size}: the side of a face must be a positive multiple of {STRIDE} pixels, such as 128")
    faces = _photographs(source)
    results = png_names(faces.names, source)
    passes = compiled.restorer.config.iterations if iterations is None else iterations
    wanted = compiled.restorer.priors if passes > 1 else ()
    compiled.check_dropped(drop_prior)
    extract, zeroed = None, tuple(prior for prior in drop_prior if prior in wanted)
    check_source(priors_from)
    if priors_from != "clean":
        extract = compiled.extractor(sources, fabric.device, zeroed) if wanted else None
    elif wanted:
        # A network runs with fewer priors than it was trained with: what is nowhere is zeros, and is said to be.
        zeroed += tuple(prior for prior in wanted if prior not in zeroed and not stored_prior(faces.root, prior))
        if set(zeroed) == set(wanted):
            passes = 1
    recorded = read_provenance(faces.root)
    alone = passes == 1 and bool(wanted)
    channels = compiled.restorer.config.prior_channels
    dropped: dict[str, int | None] = {prior: channels[prior] for prior in zeroed}
    read = () if alone or extract else wanted
    priors = FacePriors(faces.root, faces.names, faces.sizes, read, compiled.heatmap_rgb, dropped=dropped)
    compiled.check_priors(priors.channels, faces.root)

    model = fabric.setup(compiled.restorer)
    with atomic_folder(out) as unfinished, track("restore", len(faces.names), console) as tick, torch.no_grad():
        for start in range(0, len(faces.names), batch_size):
            chosen = range(start, min(start + batch_size, len(faces.names)))
            pairs = [fit_square(read_image(faces.folder / faces.names[i]), size, enlarge=True) for i in chosen]
            degraded = images_to_tensor([image for image, _ in pairs])
            stored = [priors.load(i, fit) for i, (_, fit) in zip(chosen, pairs, strict=True)]
            given = {name: tensor.to(fabric.device) for name, tensor in priors.tensors(stored, degraded).items()}
            restored = run_with_priors(model, degraded.to(fabric.device), given, priors_from, extract, passes)[-1]
            for i, picture in zip(chosen, to_uint8(restored.float().cpu().numpy()), strict=True):
                file = unfinished / results[i]
                file.parent.mkdir(parents=True, exist_ok=True)
                write_image(file, picture)
                tick()
    cropped = sum(width != height for width, height in faces.sizes.values())
    used = [prior for prior in wanted if prior not in zeroed]
    described = describe_priors(used, priors_from, recorded) if used else ""
    return Restored(tuple(out / result for result in results), size, passes, zeroed, cropped, described)


def _photographs(source: Path) -> _Photographs:
    """The photographs to restore; the headers of all are read first, as a folder half restored helps nobody."""
    folder, names = find_photographs(source)
    root = source
    if is_file(source):
        root = folder.parent if folder.name == "images" else folder
    return _Photographs(root, folder, names, {name: image_size(folder / name) for name in names})
