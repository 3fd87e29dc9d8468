"""Degrading photographs on disk, to see what a preset does or to make a test set."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import MfpsError
from ..files.atomic_folder import atomic_files, clear_leftovers
from ..images.image import fit_square, image_size, read_image, write_image
from ..images.lists import find_photographs, result_names
from .presets import Degradation, degradation_rng


class ToDegrade(NamedTuple):
    """A photograph to degrade."""

    name: str
    """Its name in its folder, which decides its degradation."""
    photograph: Path
    """The file."""
    target: Path
    """The PNG file for its degraded version."""
    extent: tuple[int, int]
    """Its width and height in pixels."""


def degradation_targets(source: Path, out: Path, follow_links: bool = False) -> list[ToDegrade]:
    """List the photographs to degrade, each with the PNG file for it, after removing what a killed process left.

    Args:
        source: an image file, or a folder of photographs.
        out: the folder to write to.
        follow_links: links may lead out of the folder of photographs.

    Raises:
        MfpsError: there is nothing to degrade, two photographs would be written to one file, a file already exists, or
            one is not an image.
    """
    clear_leftovers(out, source.absolute().name)
    folder, names = find_photographs(source, follow_links)
    results = result_names(names, source)
    if existing := [result for result in results if (out / result).exists()]:
        raise MfpsError(
            f"{out / existing[0]}: already exists, and nothing is overwritten; give another folder for `out`"
        )
    # All headers are read first, as a half-degraded folder helps nobody.
    return [
        ToDegrade(name, folder / name, out / result, image_size(folder / name))
        for name, result in zip(names, results, strict=True)
    ]


def degrade_files(
    source: Path, out: Path, photographs: Sequence[ToDegrade], degradation: str, size: int | None, seed: int
) -> Iterator[Path]:
    """Degrade photographs one by one and yield each file as it is written; all get their names at the end.

    Args:
        source: as for `degradation_targets`.
        out: as for `degradation_targets`.
        photographs: what to degrade, and where to.
        degradation: preset, stages or mix (see `Degradation.parse`).
        size: crop to a square and shrink to this side first; None keeps each photograph's own size.
        seed: a photograph gets the degradation of (seed, epoch 0, its name), as in every evaluation and, for seed 0,
            every validation.

    Raises:
        MfpsError: not a degradation, a file that is not an image, or an image smaller than `size`; nothing is written
            then.
    """
    parsed = Degradation.parse(degradation)
    if seed < 0:
        raise MfpsError(f"`seed` is {seed}: it must be at least 0")
    if size is not None and size < 1:
        raise MfpsError(f"`size` is {size}: it must be at least 1 pixel")
    for one in photographs:
        if size is not None and min(one.extent) < size:
            raise MfpsError(
                f"{one.photograph}: {one.extent[0]} x {one.extent[1]} pixels is smaller than `size` {size}; "
                "choose a smaller size or leave it out"
            )
    with atomic_files(out, source.absolute().name) as unfinished:
        for name, photograph, target, _ in photographs:
            image = read_image(photograph)
            if size is not None:
                image, _ = fit_square(image, size)
            file = unfinished / target.relative_to(out)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_image(file, parsed.apply(image, degradation_rng(seed, 0, name)))
            yield target
