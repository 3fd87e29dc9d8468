"""Landmarks from other people's files, one record per face, and which photograph each of them belongs to.

Coordinates are x, y in pixels, 0 at the centre of the first pixel, whatever the file counts from.
"""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ...errors import MAX_PLACE, MfpsError, holds_controls, shortened, shown
from ...images.image import IMAGE_SUFFIXES
from .schemes import scheme_of_count

MAX_COORDINATE = 1e6
"""Greatest distance of a landmark from the picture's first pixel, in pixels; a larger number must be a mistake."""

MAX_POINTS = 9_999
"""Most points that a face may have: the largest number that the name of a scheme can hold."""

_OTHER_SUFFIXES = (".gif", ".pgm", ".ppm", ".jp2")
"""Suffixes of photographs that landmark files name although mfps does not read them."""


@dataclass(frozen=True, eq=False)
class LandmarkedFace:
    """The landmarks of one face.

    Attributes:
        image: the photograph's name, a posix path as the file gives it; for .pts and .ljson, which name none, the
            file's own path without its suffix.
        points: float64 (K, 2), x and y in pixels, NaN where a point is missing.
        size: width and height of the photograph in pixels, where the file says.
        box: the first and last column and row of the face (left, top, right, bottom) in pixels, where the file says.
    """

    image: str
    points: np.ndarray
    size: tuple[int, int] | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class GivenLandmarks:
    """The faces of one file or folder, all in one scheme.

    Attributes:
        path: where they were read from.
        scheme: name of the landmark scheme, by the number of points (see `landmarks.scheme_of_count`).
        faces: in the order of the file; a photograph may have several.
    """

    path: Path
    scheme: str
    faces: tuple[LandmarkedFace, ...]


def given_landmarks(path: Path, faces: Sequence[LandmarkedFace]) -> GivenLandmarks:
    """Collect faces, after a check that they have the same number of points.

    Raises:
        MfpsError: there is no face, or a face has no points, too many, or not as many as the first.
    """
    if not faces:
        raise MfpsError(f"{path}: holds no landmarks; give a file with at least one face")
    count = len(faces[0].points)
    for face in faces:
        if len(face.points) != count:
            raise MfpsError(
                f"{path}: {shortened(face.image, MAX_PLACE)} has {len(face.points)} points, but the faces before it "
                f"have {count}; every face needs the same points, so give each scheme in a file of its own"
            )
    if not 0 < count <= MAX_POINTS:
        raise MfpsError(f"{path}: the faces have {count} points; 1 to {MAX_POINTS} are read")
    return GivenLandmarks(path, scheme_of_count(count).name, tuple(faces))


def image_name(value: object, where: str) -> str:
    """A photograph's name as a posix path.

    Raises:
        MfpsError: it is not text, is empty or holds characters that cannot be printed.
    """
    if not isinstance(value, str) or not value.strip() or holds_controls(value):
        raise MfpsError(f"{where}: {shown(value)} is not a photograph's name; give its path")
    return value.replace("\\", "/")


def picture_size(value: object, where: str) -> tuple[int, int] | None:
    """Width and height in pixels, from a list of two; None where there is none.

    Raises:
        MfpsError: it is anything other than two positive whole numbers within `MAX_COORDINATE`.
    """
    if value is None:
        return None
    if isinstance(value, list | tuple) and len(value) == 2:
        width, height = (type(side) is int and 0 < side <= MAX_COORDINATE and side for side in value)
        if width and height:
            return width, height
    raise MfpsError(f"{where}: {shown(value)} is not a size; give width and height in whole pixels")


def coordinate_pair(x: object, y: object, where: str) -> tuple[float, float]:
    """One landmark from two values; NaN, NaN where both are None.

    Raises:
        MfpsError: a value is not a number, not finite or beyond `MAX_COORDINATE`, or only one of them is None.
    """
    if x is None and y is None:
        return math.nan, math.nan
    return coordinate(x, where), coordinate(y, where)


def coordinate(value: object, where: str) -> float:
    """One coordinate in pixels, from a number or from text.

    Raises:
        MfpsError: it is not a finite number within `MAX_COORDINATE`.
    """
    number = value
    if isinstance(value, str) and value.isascii() and "_" not in value:  # Python also reads 1_0 as ten
        try:
            number = float(value)
        except ValueError:
            number = None
    if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= MAX_COORDINATE:
        given = "nothing" if value in (None, "") else shown(value)
        raise MfpsError(f"{where}: {given} is not a coordinate; give a number of pixels within {MAX_COORDINATE:,.0f}")
    return float(number)


def match_images(source: GivenLandmarks, names: Sequence[str]) -> dict[str, list[LandmarkedFace]]:
    """Find the faces of each photograph by its name.

    Faces are matched by the whole relative name of the photograph. What is left is matched by the whole name without
    the suffix, then by file name, then by file name without the suffix; each time first exactly, then whatever capital
    letters are used and however Unicode characters are composed.

    Args:
        source: the landmarks.
        names: the photographs, posix paths relative to their folder.

    Returns:
        For each name its faces, in the order of the source; an empty list if nothing matches.

    Raises:
        MfpsError: two photographs of the source could belong to one name, or one to two names.
    """
    faces: dict[str, list[LandmarkedFace]] = defaultdict(list)
    for face in source.faces:
        faces[PurePosixPath(face.image).as_posix()].append(face)
    repeated = next((name for name, times in Counter(names).items() if times > 1), None)
    if repeated is not None:
        raise MfpsError(f"{shortened(repeated, MAX_PLACE)}: the photograph is named twice; name each one once")
    matched: dict[str, list[LandmarkedFace]] = {name: [] for name in names}
    open_names = list(names)
    exact = (lambda name: PurePosixPath(name).as_posix(), _bare, _file_name, lambda name: _bare(_file_name(name)))
    for key in (way for plain in exact for way in (plain, _loosely(plain))):
        images = _by_key(faces, key)
        wanted = _by_key(open_names, key)
        for common in wanted.keys() & images.keys():
            _check_one(source.path, images[common], "could belong to", wanted[common][0])
            _check_one(source.path, wanted[common], "could have the landmarks of", images[common][0])
            matched[wanted[common][0]] = faces.pop(images[common][0])
        open_names = [name for name in open_names if not matched[name]]
    return matched


def _check_one(path: Path, candidates: list[str], relation: str, other: str) -> None:
    if len(candidates) > 1:
        first, second, other = (shortened(name, MAX_PLACE) for name in (*candidates[:2], other))
        raise MfpsError(f"{path}: both {first} and {second} {relation} {other}; give whole relative names")


def _by_key(names: Sequence[str] | dict[str, list[LandmarkedFace]], key: Callable[[str], str]) -> dict[str, list[str]]:
    grouped = defaultdict(list)
    for name in names:
        grouped[key(name)].append(name)
    return grouped


def _file_name(name: str) -> str:
    return PurePosixPath(name).name


def _loosely(key: Callable[[str], str]) -> Callable[[str], str]:
    return lambda name: unicodedata.normalize("NFC", key(name)).casefold()


def _bare(name: str) -> str:
    # Only a photograph's suffix is cut off: a .pts file calls photo.v2.jpg `photo.v2`.
    path = PurePosixPath(name)
    return (path.with_suffix("") if path.suffix.lower() in (*IMAGE_SUFFIXES, *_OTHER_SUFFIXES) else path).as_posix()
