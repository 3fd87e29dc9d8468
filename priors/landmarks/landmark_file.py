"""The file `priors/landmarks.json`: the landmarks of all photographs of a data folder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from ...errors import MAX_PLACE, MfpsError, first_violation, shortened, shown
from ...files.atomic_file import write_atomically
from ...files.json_text import read_strict
from ...files.regular_file import read_text

LANDMARK_FILE = "landmarks.json"
"""Its name below `priors`."""

MAX_LANDMARK_BYTES = 512 * 2**20
"""Largest file of landmarks that is read; FFHQ's, the largest known, has 268 MB."""

Coordinate = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class FaceLandmarks(BaseModel):
    """One photograph's landmarks."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    size: tuple[int, int]
    """Width and height of the photograph the points were placed on, in pixels."""
    points: Annotated[tuple[tuple[Coordinate, Coordinate] | None, ...], FailFast()]
    """x and y in pixels of that photograph, 0 at the centre of the first pixel; null where a point is missing."""


class LandmarkFile(BaseModel):
    """All photographs' landmarks, in one scheme."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    scheme: str
    """`ibug68`, `lfpw29`, `wflw98` or `points-<count>`."""
    faces: dict[str, FaceLandmarks]
    """By the photograph's name, a posix path relative to the folder of photographs."""


def read_landmarks(path: str | Path) -> LandmarkFile:
    """Read a landmark file.

    Raises:
        MfpsError: the file is missing, too large, or does not have the form above.
    """
    text = read_text(path, "landmark file", MAX_LANDMARK_BYTES)
    try:
        return landmark_file(read_strict(text))
    except MfpsError as error:
        raise MfpsError(f"{path}: {error}") from None


def landmark_file(document: object) -> LandmarkFile:
    """A landmark file's content, from its JSON.

    Raises:
        MfpsError: it does not have the form above; one line, which the caller prefixes with the file.
    """
    if not isinstance(document, dict) or not isinstance(document.get("faces"), dict):
        raise MfpsError("landmarks are a JSON object with `scheme` and `faces`; give a file written by mfps")
    faces: dict[str, FaceLandmarks] = {}
    for name, face in document["faces"].items():
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == "/" or ".." in parts:
            raise MfpsError(f"faces: {shown(name)} is not the name of a photograph in the folder; remove it")
        try:
            faces[name] = FaceLandmarks.model_validate(face)
        # Face by face, because a file that is wrong throughout would have millions of errors.
        except ValidationError as error:
            raise first_violation(error, f"faces.{shortened(name, MAX_PLACE)}") from None
    try:
        return LandmarkFile(scheme=document.get("scheme"), faces=faces)  # pyright: ignore[reportArgumentType]
    except ValidationError as error:
        raise first_violation(error, "landmarks") from None


def write_landmarks(path: str | Path, scheme: str, faces: Mapping[str, tuple[tuple[int, int], np.ndarray]]) -> None:
    """Write a landmark file atomically, one line per face, with coordinates to a hundredth of a pixel.

    Args:
        path: the file to write; its folder must exist.
        scheme: name of the landmark scheme.
        faces: by photograph name, its (width, height) in pixels and its points (K, 2), NaN where one is missing.

    Raises:
        MfpsError: the file cannot be written.
    """
    lines = [
        f"  {json.dumps(name)}: "
        + json.dumps({"size": list(size), "points": points_list(points)}, separators=(",", ":"))
        for name, (size, points) in faces.items()
    ]
    text = f'{{"scheme": {json.dumps(scheme)}, "faces": {{\n' + ",\n".join(lines) + "\n}}\n"
    write_atomically(path, text)


def points_list(points: np.ndarray) -> list[list[float] | None]:
    """Points (K, 2) as JSON holds them: to a hundredth of a pixel, None where a point is missing."""
    return [[round(float(x), 2), round(float(y), 2)] if np.isfinite(x) and np.isfinite(y) else None for x, y in points]


def points_array(points: Sequence[Sequence[float] | None]) -> np.ndarray:
    """Points from JSON as float64 (K, 2), NaN where a point is missing."""
    return np.array([(np.nan, np.nan) if point is None else point for point in points], np.float64)
