"""The dictionary prior: entries of a facial dictionary that resemble a face's parts, drawn as feature maps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from rich.console import Console
from torch import Tensor

from ...engine.progress import track
from ...files.atomic_file import write_atomically
from ...files.hashes import sha256_of
from ...images.lists import list_text
from ..faces import CutFaces, SeenFaces, StoredFaces
from ..landmarks.schemes import DETECTED_SCHEME, scheme_of_name
from ..prior_kind import ExternalSources, PriorKind
from .component_boxes import PARTS
from .dictionary_file import CHANNELS, read_dictionary, write_dictionary
from .features import features_of
from .matching import match_faces
from .prior_file import DICTIONARY_FILE, PRIOR_FILE, write_dictionary_prior
from .source import DictionarySource, draw_part


class DictionaryFinder:
    """Matches the parts of faces with the entries of a dictionary.

    Args:
        sources: names the dictionary, and the folder of its network's weights.
        device: where both are loaded.

    Raises:
        MfpsError: no dictionary is named, it cannot be read, or the weights of its network are not available.
    """

    def __init__(self, sources: ExternalSources, device: torch.device) -> None:
        DICTIONARY.check_sources(sources)
        assert sources.dictionary is not None  # checked above
        self.dictionary = read_dictionary(sources.dictionary).to(device)
        self.features = features_of(self.dictionary, sources.weights_dir).to(device)
        self.network: Mapping[str, Any] = {"features": self.dictionary.features}
        self.provenance: Mapping[str, Any] = {"dictionary_sha256": sha256_of(sources.dictionary), **self.network}

    def find(self, faces: SeenFaces) -> Tensor:
        """Feature maps: each part's entry in its box, and zeros elsewhere."""
        assert faces.points is not None  # `needs_landmarks`
        pictures, points = list(faces.pictures), list(faces.points)
        boxes, entries = match_faces(self.features, pictures, points, DETECTED_SCHEME, self.dictionary)
        batch, _, height, width = faces.images.shape
        maps = torch.zeros(batch, CHANNELS, height, width, device=faces.images.device)
        return draw_dictionary(maps, boxes, entries, self.dictionary.centres)

    def make(self, faces: CutFaces) -> dict[str, Any]:
        """Store the dictionary, and every face's boxes and entries in one file. A face without landmarks has no parts.

        Raises:
            MfpsError: the scheme does not say where the parts are.
        """
        target = faces.root / "priors" / DICTIONARY_FILE
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file():
            write_dictionary(target, self.dictionary)
        sha256 = sha256_of(target)
        journal = faces.journal(DICTIONARY.name, {"sha256": sha256, "scheme": faces.scheme})
        todo = [batch for batch in faces.batches if not all(name in journal.entries for name in batch)]
        no_points = np.full((scheme_of_name(faces.scheme).count, 2), np.nan)
        done = 0
        with track("match", sum(map(len, todo)), faces.console) as tick:
            for batch in todo:
                points = [no_points if (own := faces.points[name]) is None else own for name in batch]
                images = list(faces.pictures(batch))
                boxes, entries = match_faces(self.features, images, points, faces.scheme, self.dictionary)
                for name, box, entry in zip(batch, boxes, entries, strict=True):
                    if name in journal.entries:
                        continue
                    plain = [[float(edge) for edge in row] if np.isfinite(row).all() else None for row in box]
                    journal.add(name, boxes=plain, entries=entry.tolist())
                done += len(batch)
                tick(at=done)
        stored = {name: _boxes_and_entries(journal.entries[name]) for name in faces.points}
        write_dictionary_prior(target.with_name(PRIOR_FILE), target, faces.size, stored)
        return {"dictionary_sha256": sha256, **self.network}


def draw_dictionary(
    maps: Float[Tensor, "B C H W"], boxes: np.ndarray, entries: np.ndarray, centres: Mapping[str, Tensor]
) -> Float[Tensor, "B C H W"]:
    """Draw matched entries into feature maps.

    Args:
        maps: zeros, which are drawn into.
        boxes: (B, 4, 4) of each of `PARTS`, in pixels of the map; NaN where a part is missing.
        entries: (B, 4), negative where a part is missing.
        centres: the entries of each part.
    """
    numbers = np.where(entries < 0, np.nan, entries).astype(np.float32)[..., None]
    rows = torch.from_numpy(np.concatenate([boxes, numbers, np.zeros_like(numbers)], -1).astype(np.float32))
    for number, part in enumerate(PARTS):
        draw_part(maps, rows[:, number], centres[part])
    return maps


def _boxes_and_entries(entry: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    boxes = [(np.nan,) * 4 if box is None else box for box in entry["boxes"]]
    return np.array(boxes, np.float32), np.array(entry["entries"])


def _open_shared(faces: StoredFaces) -> DictionarySource:
    return DictionarySource(faces.folder, faces.names, faces.photo_sizes)


def _demo_sources(folder: Path, faces: int, seed: int, console: Console, device: str) -> ExternalSources:
    """A dictionary of a few training faces and a seeded random VGG19; its provenance says so."""
    from .build import build_dictionary
    from .config import DictionaryConfig

    few, file = folder / "dictionary.txt", folder / "dictionary.safetensors"
    names = (folder / "train.txt").read_text(encoding="utf-8").splitlines()[:faces]
    write_atomically(few, list_text(names))
    config = DictionaryConfig(
        data=folder,
        out=file,
        list=few,
        entries=max(faces // 2, 1),
        seed=seed,
        random_features=True,
        device=device,
    )
    build_dictionary(config, console)
    return ExternalSources(dictionary=file)


DICTIONARY = PriorKind(
    name="dictionary",
    finder=DictionaryFinder,
    files=("dictionary/{stem}.safetensors",),
    shared_files=(PRIOR_FILE, DICTIONARY_FILE),
    open_shared=_open_shared,
    array_folders=("dict",),
    needs_landmarks=True,
    requires={"dictionary": "made by `mfps dictionary build`"},
    demo_sources=_demo_sources,
)
