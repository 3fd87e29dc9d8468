"""The priors of a prepared data set that networks make: landmarks, parsing maps, and the dictionary's entries."""

from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from ..engine.device import make_fabric
from ..engine.progress import track
from ..files.external_weights import sha256_of
from ..images.image import read_image
from ..priors.dictionary.dictionary_file import FacialDictionary, read_dictionary, write_dictionary
from ..priors.dictionary.features import Relu34, features_of
from ..priors.dictionary.matching import match_faces
from ..priors.dictionary.prior_file import DICTIONARY_FILE, PRIOR_FILE, write_dictionary_prior
from ..priors.landmarks.detector import LandmarkDetector
from ..priors.landmarks.schemes import scheme_of_name
from ..priors.parsing.face_parser import FaceParser
from ..priors.parsing.label_maps import write_label_map
from .config import PrepareConfig
from .faces import PreparedFace
from .journal import PrepareJournal

BATCH = 4
"""Faces that a network sees together; few, as they are enlarged to 512 pixels. A batch is the same faces in every run,
as sums may be taken in another order for others."""


class PriorNetworks(NamedTuple):
    """The networks that a data set needs, loaded before anything is written; None where one is not needed."""

    detector: LandmarkDetector | None = None
    parser: FaceParser | None = None
    dictionary: FacialDictionary | None = None
    features: Relu34 | None = None

    def provenance(self) -> dict[str, dict[str, Any]]:
        """Which networks these are, by what they find."""
        found: dict[str, dict[str, Any]] = {}
        if self.detector is not None:
            version = metadata.version("face-alignment")
            found["landmarks"] = {**self.detector.provenance(), "face-alignment": version}
        if self.parser is not None:
            found["parsing"] = dict(self.parser.provenance())
        if self.dictionary is not None:
            found["dictionary"] = {"features": self.dictionary.features}
        return found


def open_networks(config: PrepareConfig, find_landmarks: bool) -> PriorNetworks:
    """Load the networks that a data set needs.

    Args:
        config: the settings.
        find_landmarks: landmarks are not given.

    Raises:
        MfpsError: weights or the dictionary are missing or other ones than they should be.
    """
    device = make_fabric(config.device, "float32").device
    detector = LandmarkDetector(config.device, config.weights_dir, config.aligned) if find_landmarks else None
    finds_labels = "parsing" in config.priors and config.labels is None
    parser = FaceParser(config.parser, device) if finds_labels else None
    if "dictionary" not in config.priors:
        return PriorNetworks(detector, parser)
    assert config.dictionary is not None  # the configuration sees to it
    dictionary = read_dictionary(config.dictionary).to(device)
    return PriorNetworks(detector, parser, dictionary, features_of(dictionary, config.weights_dir).to(device))


def parse_faces(parser: FaceParser, out: Path, faces: Sequence[PreparedFace], console: Console) -> None:
    """Find the label map of every face that has none yet.

    Args:
        parser: the network.
        out: folder of the data set.
        faces: all its faces, in order.
        console: where progress is shown.
    """
    folder = out / "priors" / "parsing"
    todo = [batch for batch in _batches(faces) if not all((folder / face.name).is_file() for face in batch)]
    with track("parse", sum(map(len, todo)), console) as tick:
        for batch in todo:
            images = np.stack([read_image(out / "images" / face.name) for face in batch])
            for face, labels in zip(batch, parser.parse(images), strict=True):
                (folder / face.name).parent.mkdir(parents=True, exist_ok=True)
                write_label_map(folder / face.name, labels)
                tick()


def match_dictionary(
    networks: PriorNetworks, out: Path, size: int, faces: Sequence[PreparedFace], scheme: str, console: Console
) -> dict[str, Any]:
    """Match every face's parts with the dictionary's entries; what they were matched with.

    A face without landmarks gets no parts.

    Args:
        networks: with the dictionary and its features.
        out: folder of the data set.
        size: side of the faces in pixels.
        faces: all its faces, in order.
        scheme: scheme of their landmarks.
        console: where progress is shown.

    Raises:
        MfpsError: the scheme does not say where the parts are.
    """
    dictionary, features = networks.dictionary, networks.features
    assert dictionary is not None  # the caller opened it
    assert features is not None
    target = out / "priors" / DICTIONARY_FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_file():
        write_dictionary(target, dictionary)
    sha256 = sha256_of(target)
    journal = PrepareJournal(out / ".prepare" / "dictionary.jsonl", {"sha256": sha256, "scheme": scheme})
    todo = [batch for batch in _batches(faces) if not all(face.name in journal.entries for face in batch)]
    nowhere = np.full((scheme_of_name(scheme).count, 2), np.nan)
    with track("match", sum(map(len, todo)), console) as tick:
        for batch in todo:
            images = [read_image(out / "images" / face.name) for face in batch]
            points = [nowhere if face.points is None else face.points for face in batch]
            boxes, entries = match_faces(features, images, points, scheme, dictionary)
            for face, box, entry in zip(batch, boxes, entries, strict=True):
                plain = [[float(edge) for edge in row] if np.isfinite(row).all() else None for row in box]
                journal.add(face.name, boxes=plain, entries=entry.tolist())
                tick()
    stored = {face.name: _stored(journal.entries[face.name]) for face in faces}
    write_dictionary_prior(out / "priors" / PRIOR_FILE, target, size, stored)
    return {"dictionary_sha256": sha256, "features": dictionary.features}


def _stored(entry: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    boxes = [(np.nan,) * 4 if box is None else box for box in entry["boxes"]]
    return np.array(boxes, np.float32), np.array(entry["entries"])


def _batches(faces: Sequence[PreparedFace]) -> Iterator[Sequence[PreparedFace]]:
    for start in range(0, len(faces), BATCH):
        yield faces[start : start + BATCH]
