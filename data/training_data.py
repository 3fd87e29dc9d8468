"""The two data sets of a run: the faces it learns from, and the disjoint ones that judge it on the way."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import MfpsError
from .augmentation import Augmentation
from .dataset import FaceFolder
from ..images.image import MAX_PIXELS

HELD_OUT = 0.1
"""Share of the faces that is held out for validation where no validation list is given."""

VALIDATION_SEED = 0
"""Degradations of validation faces are the same in every run, whatever its seed, so that runs can be compared."""


def training_data(
    data: Path,
    size: int,
    degradation: str,
    priors: tuple[str, ...],
    *,
    train_list: Path | None,
    val_list: Path | None,
    val_images: int,
    seed: int,
    heatmap_rgb: bool,
    augmentation: Augmentation | None = None,
    dropped: Sequence[str] = (),
    max_bad: float = 0.0,
    max_megapixels: float = MAX_PIXELS / 1e6,
) -> tuple[FaceFolder, FaceFolder]:
    """Open a folder of faces for training and validation.

    Args:
        data: folder of photographs.
        size: side of the faces in pixels.
        degradation: preset or mix.
        priors: which priors are needed.
        train_list: names to train on; all by default.
        val_list: names to validate on; by default a tenth of the training names, drawn by `seed`, is held out.
        val_images: how many of the validation faces are used.
        seed: seed of degradations and of the held-out draw.
        heatmap_rgb: see `FaceFolder`.
        augmentation: for the training faces alone.
        dropped: priors to leave out: zeros of as many channels as they have.
        max_bad: share of the training photographs that need not be readable.
        max_megapixels: a photograph with more counts as one that cannot be read.

    Returns:
        The training and the validation faces.

    Raises:
        MfpsError: as `FaceFolder`; or the two lists share a name; or there are too few faces to hold any out.
    """
    left_out: dict[str, int | None] = dict.fromkeys(dropped)
    pixels = int(max_megapixels * 1e6)
    train = FaceFolder(
        data, size, degradation, train_list, priors, seed, heatmap_rgb, max_bad=max_bad, max_pixels=pixels
    )
    if val_list is not None:
        val = FaceFolder(data, size, degradation, val_list, priors, VALIDATION_SEED, heatmap_rgb, max_pixels=pixels)
        shared = set(train.names) & set(val.names)
        if shared and train_list is not None:
            raise MfpsError(
                f"{val_list}: {len(shared)} faces are in the training list too, first {min(shared)}; validate on others"
            )
        train_names = [name for name in train.names if name not in shared]
        val_names = list(val.names)[:val_images]
    else:
        if len(train.names) < 4:
            raise MfpsError(
                f"{data}: {len(train.names)} faces are too few to hold one out for validation; give at least 4"
            )
        order = np.random.default_rng(seed).permutation(len(train.names))
        held_out = max(1, round(HELD_OUT * len(order)))
        judging = [train.names[i] for i in sorted(order[:held_out])]
        val_names = [name for name in judging if name not in train.bad][:val_images]
        train_names = [train.names[i] for i in sorted(order[held_out:])]
    if not train_names:
        raise MfpsError(f"{data}: every face is in the validation list; name others to train on with --list")
    train = FaceFolder(
        data,
        size,
        degradation,
        train_names,
        priors,
        seed,
        heatmap_rgb,
        augmentation,
        left_out,
        max_bad,
        max_pixels=pixels,
    )
    val = FaceFolder(
        data, size, degradation, val_names, priors, VALIDATION_SEED, heatmap_rgb, dropped=left_out, max_pixels=pixels
    )
    for index in range(len(val)):
        val[0, index]  # one that cannot be read is better found now than after the first epoch
    return train, val
