"""The file `priors/dictionary.json`: the boxes of every face's parts, and the dictionary's entry for each.

Each face takes a line of about 200 bytes; its feature map is drawn from the dictionary when a batch is made.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...errors import MfpsError, first_violation
from ...files.atomic_file import write_atomically
from ...files.hashes import sha256_of
from ...files.json_text import MAX_KEY, read_strict
from ...files.regular_file import read_text
from ..landmarks.landmark_file import Coordinate
from .component_boxes import PARTS
from .dictionary_file import Count, FacialDictionary, Sha256, read_dictionary

PRIOR_FORMAT = "mfps.dictionary-prior/1"
"""Name and version of the file's layout."""

DICTIONARY_FILE, PRIOR_FILE = "dictionary.safetensors", "dictionary.json"
"""Names of the dictionary and of this file below `priors`."""

MAX_PRIOR_BYTES = 256 * 2**20
"""Room for a million faces of about 200 bytes each."""

Index = Annotated[int, Field(strict=True, ge=0)]
PartBox = tuple[Coordinate, Coordinate, Coordinate, Coordinate]


class FaceEntries(BaseModel):
    """One face's parts, each with a box and an entry or with neither."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    boxes: tuple[PartBox | None, PartBox | None, PartBox | None, PartBox | None]
    """Left, top, right and bottom edge of each of `PARTS` in pixels of the face; null where the part is missing."""
    entries: tuple[Index | None, Index | None, Index | None, Index | None]
    """The dictionary entry that is drawn there; null where the part is missing."""

    @model_validator(mode="after")
    def _check(self) -> "FaceEntries":
        for part, box, entry in zip(PARTS, self.boxes, self.entries, strict=True):
            if (box is None) != (entry is None):
                raise MfpsError(f"the {part} has a box or an entry but not both; match the faces again")
            if box is not None and not (box[0] < box[2] and box[1] < box[3]):
                raise MfpsError(f"the box of the {part} is empty; match the faces again")
        return self


class DictionaryPrior(BaseModel):
    """All faces' boxes and entries."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: Literal["mfps.dictionary-prior/1"]
    dictionary: Sha256
    """SHA-256 of the dictionary file that the entries belong to."""
    size: Count
    """Side of the faces' pictures in pixels."""
    faces: dict[str, FaceEntries]
    """By the photograph's name, a posix path relative to the folder of photographs."""


def write_dictionary_prior(
    path: str | Path, dictionary: Path, size: int, faces: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    """Write the faces' boxes and entries atomically, with coordinates to a hundredth of a pixel.

    Args:
        path: the file to write; its folder must exist.
        dictionary: the dictionary file that the entries belong to, already written.
        size: side of the faces' pictures in pixels.
        faces: by photograph name, boxes (4, 4), NaN where a part is missing, and entries (4,), negative there.

    Raises:
        MfpsError: a name cannot be stored, or the file cannot be written.
    """
    head = {"format": PRIOR_FORMAT, "dictionary": sha256_of(dictionary), "size": size}
    lines = []
    for name, (boxes, entries) in faces.items():
        if not name.isprintable() or len(name) > MAX_KEY:
            raise MfpsError(f"photograph {name[:60]!r}: not printable or longer than {MAX_KEY} characters; rename it")
        there = np.isfinite(boxes).all(1) & (entries >= 0)
        face = {
            "boxes": [
                [round(float(edge), 2) for edge in box] if known else None
                for box, known in zip(boxes, there, strict=True)
            ],
            "entries": [int(entry) if known else None for entry, known in zip(entries, there, strict=True)],
        }
        lines.append(f"  {json.dumps(name)}: " + json.dumps(face, separators=(",", ":")))
    text = json.dumps(head)[:-1] + ', "faces": {\n' + ",\n".join(lines) + "\n}}\n"
    write_atomically(path, text)


def read_dictionary_prior(path: str | Path) -> DictionaryPrior:
    """Read the faces' boxes and entries.

    Raises:
        MfpsError: the file is missing or breaks a rule of its format.
    """
    path = Path(path)
    text = read_text(path, "dictionary prior", MAX_PRIOR_BYTES, "give one written by mfps")
    try:
        data = read_strict(text)
    except MfpsError as error:
        raise MfpsError(f"{path}: {error}") from None
    if not isinstance(data, dict) or data.get("format") != PRIOR_FORMAT:
        raise MfpsError(f"{path}: its format is not {PRIOR_FORMAT!r}; give a file written by this version of mfps")
    try:
        prior = DictionaryPrior.model_validate(data)
    except ValidationError as error:
        raise first_violation(error, str(path)) from None
    for name, face in prior.faces.items():
        for part, box in zip(PARTS, face.boxes, strict=True):
            if box is not None and not (min(box) >= -0.5 and max(box) <= prior.size - 0.5):
                raise MfpsError(
                    f"{path}: {name}: the box of the {part} reaches outside the {prior.size} pixels; "
                    "match the faces again"
                )
    return prior


def read_stored_dictionary(folder: str | Path) -> tuple[FacialDictionary, DictionaryPrior]:
    """Read both files of a `priors` folder and check that they belong together.

    Raises:
        MfpsError: one is missing or breaks a rule, the dictionary is a different one, or it lacks an entry.
    """
    file, path = Path(folder) / DICTIONARY_FILE, Path(folder) / PRIOR_FILE
    prior = read_dictionary_prior(path)
    dictionary = read_dictionary(file)
    if sha256_of(file) != prior.dictionary:
        raise MfpsError(f"{path}: its entries belong to a different dictionary than {file.name}; match the faces again")
    counts = dictionary.counts
    for name, face in prior.faces.items():
        for part, entry in zip(PARTS, face.entries, strict=True):
            if entry is not None and entry >= counts[part]:
                raise MfpsError(
                    f"{path}: {name}: entry {entry} of the {part}, but entries go from 0 to {counts[part] - 1}; "
                    "match the faces again"
                )
    return dictionary, prior
