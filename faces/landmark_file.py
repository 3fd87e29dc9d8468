"""The file `priors/landmarks.json`: the landmarks of all photographs of a data folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import MfpsError, first_violation

Coordinate = Annotated[float, Field(allow_inf_nan=False)]


class FaceLandmarks(BaseModel):
    """One photograph's landmarks."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    size: tuple[int, int]
    """Width and height of the photograph the points were placed on, in pixels."""
    points: tuple[tuple[Coordinate, Coordinate] | None, ...]
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
        MfpsError: it is missing or does not have the form above.
    """
    path = Path(path)
    try:
        return LandmarkFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MfpsError(f"{path}: the landmarks cannot be read ({error.strerror}); check the path") from error
    except ValidationError as error:
        raise first_violation(error, str(path)) from error


def write_landmarks(path: str | Path, scheme: str, faces: Mapping[str, tuple[tuple[int, int], np.ndarray]]) -> None:
    """Write a landmark file in one step, a line a face, coordinates to a hundredth of a pixel.

    Args:
        path: where to; its folder must exist.
        scheme: name of the landmark scheme.
        faces: by photograph name, its (width, height) in pixels and its points (K, 2), NaN where one is missing.

    Raises:
        MfpsError: the folder cannot be written to.
    """
    path = Path(path)
    lines = [
        f"  {json.dumps(name)}: " + json.dumps({"size": list(size), "points": _plain(points)}, separators=(",", ":"))
        for name, (size, points) in faces.items()
    ]
    text = f'{{"scheme": {json.dumps(scheme)}, "faces": {{\n' + ",\n".join(lines) + "\n}}\n"
    partial = path.with_name(f".{path.name}.tmp")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise MfpsError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error


def _plain(points: np.ndarray) -> list[list[float] | None]:
    return [[round(float(x), 2), round(float(y), 2)] if np.isfinite(x) and np.isfinite(y) else None for x, y in points]
