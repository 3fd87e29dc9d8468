"""The priors of a prepared data set that a network makes: parsing maps, and the dictionary's entries."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from ..engine.device import make_fabric
from ..engine.progress import track
from ..errors import MfpsError
from ..external_weights import sha256_of
from ..faces.dictionary_file import FacialDictionary, read_dictionary, write_dictionary
from ..faces.dictionary_prior import DICTIONARY_FILE, PRIOR_FILE, write_dictionary_prior
from ..faces.image import read_image
from ..faces.label_maps import write_label_map
from ..networks.vgg19 import load_vgg19
from .dictionary_features import Relu34, random_vgg19
from .dictionary_matching import match_faces
from .face_parser import FaceParser
from .prepare_config import PrepareConfig
from .prepare_journal import PrepareJournal
from .prepare_records import PreparedFace

BATCH = 4
"""Faces that a network sees together; few, as they are enlarged to 512 pixels."""


def parse_faces(config: PrepareConfig, faces: Sequence[PreparedFace], console: Console) -> dict[str, Any]:
    """Find the label map of every face that has none yet; what made them.

    Raises:
        MfpsError: the parser's weights are missing.
    """
    folder = config.out / "priors" / "parsing"
    if config.labels is not None:
        return {"labels": config.labels.name}
    todo = [face for face in faces if not (folder / face.name).is_file()]
    parser = FaceParser(config.parser, make_fabric(config.device, "float32").device)
    with track("parse", len(todo), console) as tick:
        for batch in _batches(todo):
            images = np.stack([read_image(config.out / "images" / face.name) for face in batch])
            for face, labels in zip(batch, parser.parse(images), strict=True):
                (folder / face.name).parent.mkdir(parents=True, exist_ok=True)
                write_label_map(folder / face.name, labels)
                tick()
    return dict(parser.provenance())


def match_dictionary(
    config: PrepareConfig, faces: Sequence[PreparedFace], scheme: str, console: Console
) -> dict[str, Any]:
    """Match every face's parts with the dictionary's entries; what they were matched with.

    Raises:
        MfpsError: there is no dictionary, or the features that it was made with cannot be had.
    """
    assert config.dictionary is not None  # the configuration sees to it
    dictionary = read_dictionary(config.dictionary)
    journal = PrepareJournal(config.out / ".prepare" / "dictionary.jsonl", {"sha256": sha256_of(config.dictionary)})
    todo = [face for face in faces if face.name not in journal.entries and face.points is not None]
    if todo:
        features = dictionary_features(dictionary, config.weights_dir).to(make_fabric(config.device, "float32").device)
        with track("match", len(todo), console) as tick:
            for batch in _batches(todo):
                images = [read_image(config.out / "images" / face.name) for face in batch]
                points = [face.points for face in batch if face.points is not None]
                boxes, entries = match_faces(features, images, points, scheme, dictionary)
                for face, box, entry in zip(batch, boxes, entries, strict=True):
                    plain = [[float(edge) if np.isfinite(edge) else None for edge in row] for row in box]
                    journal.add(face.name, boxes=plain, entries=entry.tolist())
                    tick()
    target = config.out / "priors" / DICTIONARY_FILE
    target.parent.mkdir(exist_ok=True)
    if not target.is_file():
        write_dictionary(target, dictionary)
    stored = {
        face.name: (np.array(entry["boxes"], np.float32), np.array(entry["entries"]))
        for face in faces
        if (entry := journal.entries.get(face.name)) is not None
    }
    write_dictionary_prior(config.out / "priors" / PRIOR_FILE, target, config.size, stored)
    return {"dictionary_sha256": sha256_of(target), "features": dictionary.features}


def dictionary_features(dictionary: FacialDictionary, weights_dir: Path | None) -> Relu34:
    """The features that a dictionary was made with: the official VGG19's, or the seeded random ones it names.

    Raises:
        MfpsError: they cannot be had.
    """
    named = dictionary.features
    if named.startswith("seeded random VGG19 (seed "):
        seed = named.removeprefix("seeded random VGG19 (seed ").removesuffix(")")
        if not seed.isdecimal():
            raise MfpsError(
                f"the dictionary's features are {named[:60]!r}; build it again with `mfps dictionary build`"
            )
        return Relu34(random_vgg19(int(seed)))
    return Relu34(load_vgg19(None, weights_dir))


def _batches(faces: Sequence[PreparedFace]) -> Iterator[Sequence[PreparedFace]]:
    for start in range(0, len(faces), BATCH):
        yield faces[start : start + BATCH]
