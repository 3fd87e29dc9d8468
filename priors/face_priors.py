"""The priors of a data folder: what is stored for its faces, checked once, and read face by face.

Below DATA/priors: `landmarks.json`; `parsing/<stem>.png` label maps; `dictionary.json` with
`dictionary.safetensors`; or arrays (C, h, w) as published, `parsing/`, `heatmap/` and `dictionary/` (also `parse/`,
`heat/` and `dict/`) with `<image name>.npy` or `<stem>.npy`, or `dictionary/<stem>.safetensors` (a tensor `features`).
`provenance.json` says what they were made from.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from torch import Tensor

from ..errors import MfpsError
from ..files.boundary import Boundary
from ..files.regular_file import is_file
from ..images.image import SquareFit
from .array_source import ArraySource
from .dictionary.prior_file import DICTIONARY_FILE, PRIOR_FILE
from .dictionary.source import DictionarySource
from .landmarks.landmark_file import read_landmarks
from .landmarks.source import HeatmapSource
from .parsing.classes import CELEBAMASK_CLASSES
from .parsing.source import LabelSource
from .sources import PriorSource, ZeroSource

PRIORS = ("parsing", "heatmap", "dictionary")
"""The priors' names, in the order they have everywhere."""

_PATTERNS = {
    "parsing": (
        "parsing/{stem}.png",
        "parsing/{name}.npy",
        "parsing/{stem}.npy",
        "parse/{name}.npy",
        "parse/{stem}.npy",
    ),
    "heatmap": ("heatmap/{name}.npy", "heatmap/{stem}.npy", "heat/{name}.npy", "heat/{stem}.npy"),
    "dictionary": (
        "dictionary/{stem}.safetensors",
        "dictionary/{name}.npy",
        "dictionary/{stem}.npy",
        "dict/{name}.npy",
        "dict/{stem}.npy",
    ),
}


class FacePriors:
    """The wanted priors of a list of faces.

    Args:
        root: the data folder; the priors are in its `priors`.
        names: the faces, as posix paths relative to the photographs.
        photo_sizes: width and height of each photograph in pixels, by name.
        wanted: some of `PRIORS`, in any order.
        heatmap_rgb: put the degraded picture before heatmaps drawn from landmarks (K + 3 channels). Stored heatmap
            arrays are taken as they are.
        parsing_classes: channels of a parsing prior made from label maps.
        dropped: priors of `wanted` that are left out: zeros, of so many channels; None takes as many as the stored one
            has.

    Raises:
        MfpsError: a prior is unknown, is missing for some faces, or does not fit the others (see the sources).
    """

    def __init__(
        self,
        root: str | Path,
        names: Sequence[str],
        photo_sizes: Mapping[str, tuple[int, int]],
        wanted: Sequence[str],
        heatmap_rgb: bool = False,
        parsing_classes: int = len(CELEBAMASK_CLASSES),
        dropped: Mapping[str, int | None] | None = None,
    ) -> None:
        unknown = [prior for prior in wanted if prior not in PRIORS]
        if unknown:
            raise MfpsError(f"prior {unknown[0]!r} is not known; choose among {', '.join(PRIORS)}")
        folder = Path(root) / "priors"
        self.sources: dict[str, PriorSource] = {}
        for prior in (prior for prior in PRIORS if prior in wanted):
            if (channels := (dropped or {}).get(prior)) is None:
                self.sources[prior] = _resolve(folder, prior, names, photo_sizes, heatmap_rgb, parsing_classes)
                channels = self.sources[prior].channels
            if prior in (dropped or {}):
                self.sources[prior] = ZeroSource(channels)

    @property
    def channels(self) -> dict[str, int]:
        """Channels of each prior's tensor, in the order of `PRIORS`."""
        return {prior: source.channels for prior, source in self.sources.items()}

    def load(self, index: int, fit: SquareFit) -> dict[str, np.ndarray]:
        """The stored priors of face `index`, moved as `fit` moved its photograph: points, labels or arrays."""
        return {prior: source.load(index, fit) for prior, source in self.sources.items()}

    def flip(self, stored: Mapping[str, np.ndarray], size: int) -> dict[str, np.ndarray]:
        """What `load` gave, for the face mirrored left to right; `size` is its side in pixels.

        Raises:
            MfpsError: of a prior it is not known which points or channels mirror each other.
        """
        return {prior: source.flip(stored[prior], size) for prior, source in self.sources.items()}

    def tensors(self, stored: Sequence[Mapping[str, np.ndarray]], degraded: Tensor) -> dict[str, Tensor]:
        """The priors of a batch, each float32 (B, C, H, W).

        Args:
            stored: what `load` gave for each face.
            degraded: (B, 3, H, W) in [0, 1], H = W; the priors get its size.
        """
        size = degraded.shape[-1]
        return {
            prior: source.tensor([face[prior] for face in stored], size, degraded)
            for prior, source in self.sources.items()
        }


def stored_prior(root: str | Path, prior: str) -> bool:
    """Whether a data folder holds anything of a prior."""
    folder = Path(root) / "priors"
    single = {"heatmap": "landmarks.json", "dictionary": PRIOR_FILE}.get(prior)
    if single is not None and is_file(folder / single):
        return True
    return any((folder / PurePosixPath(pattern).parent).is_dir() for pattern in _PATTERNS[prior])


def _resolve(
    folder: Path,
    prior: str,
    names: Sequence[str],
    photo_sizes: Mapping[str, tuple[int, int]],
    heatmap_rgb: bool,
    parsing_classes: int,
) -> PriorSource:
    """The one source that a prior is read from: the first that has it for the most faces."""
    root, within = Boundary(folder.parent), Boundary(folder)
    root.check(folder)
    if prior == "heatmap" and is_file(folder / "landmarks.json"):
        path = folder / "landmarks.json"
        within.check(path)
        landmarks = read_landmarks(path)
        _check_all_there([name in landmarks.faces for name in names], names, prior, str(path))
        return HeatmapSource(path, landmarks, names, photo_sizes, heatmap_rgb)

    if prior == "dictionary" and is_file(folder / PRIOR_FILE):
        for file in (PRIOR_FILE, DICTIONARY_FILE):
            within.check(folder / file)
        return DictionarySource(folder, names, photo_sizes)

    found = {pattern: [is_file(_path(folder, pattern, name)) for name in names] for pattern in _PATTERNS[prior]}
    best = max(found, key=lambda pattern: sum(found[pattern]))
    if not any(found[best]):
        ways = "landmarks.json" if prior == "heatmap" else best.format(stem="<name>", name="<name>")
        raise MfpsError(
            f"{folder}: no {prior} prior is stored there (looked for {ways} and others); make it or drop it"
        )
    _check_all_there(found[best], names, prior, str(folder / PurePosixPath(best).parent))
    paths = [_path(folder, best, name) for name in names]
    for path in paths:
        within.check(path)
    if len(set(paths)) < len(paths):
        twice = next(name for path, name in zip(paths, names, strict=True) if paths.count(path) > 1)
        raise MfpsError(f"{folder}: {twice} shares its {prior} prior with another image of that stem; rename one")
    return LabelSource(paths, parsing_classes) if best.endswith(".png") else ArraySource(paths, prior)


def _path(folder: Path, pattern: str, name: str) -> Path:
    return folder / pattern.format(name=name, stem=PurePosixPath(name).with_suffix("").as_posix())


def _check_all_there(there: Sequence[bool], names: Sequence[str], prior: str, where: str) -> None:
    missing = [name for name, present in zip(names, there, strict=True) if not present]
    if missing:
        raise MfpsError(
            f"{where}: the {prior} prior is missing for {len(missing)} of {len(names)} images, first {missing[0]}; "
            "make the missing ones or use a list without those images"
        )
