"""The user's own labels of photographs: label maps in either class order, or the part masks of CelebAMask-HQ."""

from pathlib import PurePosixPath

import numpy as np

from ..errors import MfpsError
from ..files.boundary import Boundary
from ..priors.parsing.kind import PARSING
from ..priors.parsing.label_maps import find_label_map, from_bisenet, from_part_masks, read_label_map
from .config import PrepareConfig

LABEL_ENDING = "_label.png"
"""Ending of label maps that lie beside their photographs."""


def given_priors(config: PrepareConfig) -> tuple[str, ...]:
    """The requested priors that the user supplies, so that no network has to find them."""
    return (PARSING.name,) if config.labels is not None and PARSING.name in config.priors else ()


def given_labels(config: PrepareConfig, name: str) -> np.ndarray | None:
    """The label map of a photograph, in the order of CelebAMask-HQ.

    It is `NAME.png` or `NAME_label.png` in the folder `labels`, or else merged from part masks there, see
    `label_maps.from_part_masks`.

    Args:
        config: the settings.
        name: the photograph.

    Returns:
        uint8 (h, w); None if label maps are not given or not wanted.

    Raises:
        MfpsError: the photograph has none, or it cannot be used.
    """
    if config.labels is None or PARSING.name not in given_priors(config):
        return None
    stem = PurePosixPath(name).with_suffix("").as_posix()
    file = find_label_map(config.labels, stem)
    boundary = Boundary(config.labels, config.follow_links)
    if file is not None:
        boundary.check(file)
        labels = read_label_map(file)
        return from_bisenet(labels) if config.label_order == "bisenet" else labels
    here = (config.labels / stem).parent
    face = PurePosixPath(stem).name
    skins = (here / f"{face}_skin.png", here / f"{face.zfill(5)}_skin.png")
    if not (config.labels / "0").is_dir() and not any(skin.is_file() for skin in skins):
        raise MfpsError(
            f"no label map of it in {config.labels}: neither {face}.png nor {face}{LABEL_ENDING}, nor part masks"
        )
    return from_part_masks(config.labels if (config.labels / "0").is_dir() else here, face, boundary)


def without_label_maps(names: tuple[str, ...]) -> tuple[str, ...]:
    """The photographs of a folder that may hold their label maps too."""
    return tuple(name for name in names if not name.endswith(LABEL_ENDING))
