"""The priors of a data folder: what is stored for its faces, checked once, and read face by face.

Below DATA/priors each kind has files of its own (`landmarks.json`; `parsing/<stem>.png` label maps; `dictionary.json`
with `dictionary.safetensors`), or arrays (C, h, w) as published: `parsing/`, `heatmap/` and `dictionary/` (also
`parse/`, `heat/` and `dict/`) with `<image name>.npy` or `<stem>.npy`. The table of kinds says which.
`provenance.json` says what they were made from.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from torch import Tensor

from ..errors import MfpsError
from ..files.boundary import Boundary
from ..files.regular_file import is_file
from ..genotypes.prior_branches import known_priors
from ..images.image import SquareFit
from ..images.near_names import near_name
from .array_source import ARRAY_SUFFIXES, ArraySource
from .faces import StoredFaces
from .kinds import PRIOR_KINDS
from .prior_kind import PriorKind
from .sources import PriorSource, ZeroSource, check_all_present


class FacePriors:
    """The wanted priors of a list of faces.

    Args:
        root: the data folder; the priors are in its `priors`.
        names: the faces, as posix paths relative to the photographs.
        photo_sizes: width and height of each photograph in pixels, by name.
        wanted: some of `PRIORS`, in any order.
        heatmap_rgb: put the degraded picture before heatmaps drawn from landmarks (K + 3 channels). Stored heatmap
            arrays are taken as they are.
        dropped: priors of `wanted` to replace by zeros, each with its number of channels; None takes that of the stored
            prior.
        follow_links: links may lead out of `priors`.

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
        dropped: Mapping[str, int | None] | None = None,
        follow_links: bool = False,
    ) -> None:
        faces = StoredFaces(Path(root) / "priors", names, photo_sizes, heatmap_rgb)
        self.sources: dict[str, PriorSource] = {}
        for prior in known_priors(list(wanted)):
            if (channels := (dropped or {}).get(prior)) is None:
                self.sources[prior] = _resolve(PRIOR_KINDS[prior], faces, follow_links)
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
        """What `load` returned, for the face mirrored left to right; `size` is its side in pixels.

        Raises:
            MfpsError: for some prior it is not known which points or channels mirror each other.
        """
        return {prior: source.flip(stored[prior], size) for prior, source in self.sources.items()}

    def tensors(self, stored: Sequence[Mapping[str, np.ndarray]], degraded: Tensor) -> dict[str, Tensor]:
        """The priors of a batch, each float32 (B, C, H, W).

        Args:
            stored: what `load` returned for each face.
            degraded: (B, 3, H, W) in [0, 1], H = W; the priors get its size.
        """
        size = degraded.shape[-1]
        return {
            prior: source.tensor([face[prior] for face in stored], size, degraded)
            for prior, source in self.sources.items()
        }


def stored_prior(root: str | Path, prior: str) -> bool:
    """Whether a data folder holds files of a prior."""
    folder, kind = Path(root) / "priors", PRIOR_KINDS[prior]
    if kind.shared_files and is_file(folder / kind.shared_files[0]):
        return True
    return any((folder / PurePosixPath(pattern).parent).is_dir() for pattern in kind.patterns)


def _resolve(kind: PriorKind, faces: StoredFaces, follow_links: bool) -> PriorSource:
    """The source that a prior is read from: its file for all faces, or else the files that cover the most faces."""
    folder, names = faces.folder, faces.names
    root, within = Boundary(folder.parent, follow_links), Boundary(folder, follow_links)
    root.check(folder)
    if kind.open_shared is not None and is_file(folder / kind.shared_files[0]):
        for file in kind.shared_files:
            within.check(folder / file)
        return kind.open_shared(faces)

    def paths_of(pattern: str) -> list[Path]:
        return [kind.file_of(folder.parent, name, pattern) for name in names]

    found = {pattern: [is_file(path) for path in paths_of(pattern)] for pattern in kind.patterns}
    best = max(found, key=lambda pattern: sum(found[pattern]))
    if not any(found[best]):
        usual = kind.shared_files[0] if kind.shared_files else best.format(stem="<name>", name="<name>")
        raise MfpsError(
            f"{folder}: no {kind.name} prior is stored there (looked for {usual} and others); make it or drop it"
        )

    def near(name: str) -> str:
        place = folder / PurePosixPath(best).parent
        there = (path.relative_to(place).as_posix() for path in place.rglob("*") if path.suffix)
        return near_name(kind.file_of(folder.parent, name, best).relative_to(place).as_posix(), there)

    check_all_present(found[best], names, kind.name, str(folder / PurePosixPath(best).parent), near)
    paths = paths_of(best)
    for path in paths:
        within.check(path)
    if len(set(paths)) < len(paths):
        twice = next(name for path, name in zip(paths, names, strict=True) if paths.count(path) > 1)
        raise MfpsError(f"{folder}: {twice} shares its {kind.name} prior with another image of that stem; rename one")
    if kind.open_files is None or PurePosixPath(best).suffix in ARRAY_SUFFIXES:
        return ArraySource(paths, kind)
    return kind.open_files(paths)
