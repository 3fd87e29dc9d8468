"""Landmarks in JSON: the file of mfps, lists of items, menpo's .ljson and the metadata of FFHQ."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import MAX_PLACE, MAX_VALUE, MfpsError, shortened, shown
from ...files.json_text import read_strict
from .given import LandmarkedFace, coordinate, coordinate_pair, image_name, picture_size
from .landmark_file import landmark_file
from .schemes import SCHEMES, scheme_of_name


def read_json_landmarks(text: str, path: Path, ffhq: str) -> list[LandmarkedFace] | None:
    """Read landmarks in any of the JSON forms, recognised by their keys.

    Args:
        text: the content of the file.
        path: the file.
        ffhq: `image` or `in_the_wild`, which of the two pictures of FFHQ's metadata.

    Returns:
        The faces in the order of the file; None if the JSON has none of these forms.

    Raises:
        MfpsError: it is not JSON, a key appears twice, or a value breaks the form's rules.
    """
    try:
        document = read_strict(text, remedy="replace the file")
    except MfpsError as error:
        raise MfpsError(f"{path}: {error}") from None
    if not isinstance(document, dict) or not document:
        return None
    if "faces" in document:
        return _own(document, path)
    if "items" in document:
        return _items(_list(document["items"], f"{path}: items"), path)
    if "version" in document and ("groups" in document or "landmarks" in document):
        return [_ljson(document, path)]
    if all(key.isdigit() and isinstance(entry, dict) for key, entry in document.items()):
        return [_ffhq(entry, ffhq, f"{path}: face {shortened(key, MAX_VALUE)}") for key, entry in document.items()]
    return None


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise MfpsError(f"{where}: {shown(value)} is not a list; see the format")
    return value


def _dict(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MfpsError(f"{where}: {shown(value)} is not an object with keys; see the format")
    return value


def _points(value: object, where: str) -> np.ndarray:
    pairs = []
    for number, pair in enumerate(_list(value, f"{where}: points")):
        at = f"{where}: point {number}"
        x, y = (None, None) if pair is None else _two(pair, at)
        pairs.append(coordinate_pair(_number(x, at), _number(y, at), at))
    return np.array(pairs, np.float64).reshape(-1, 2)


def _two(pair: object, where: str) -> list[Any]:
    if len(values := _list(pair, where)) != 2:
        raise MfpsError(f"{where}: has {len(values)} values; a point of a picture has two")
    return values


def _number(value: object, where: str) -> object:
    # Numbers are text in .pts and XML, but never in JSON.
    if isinstance(value, str):
        raise MfpsError(f"{where}: {shown(value)} is text; write a number")
    return value


def _own(document: Mapping[str, Any], path: Path) -> list[LandmarkedFace]:
    try:
        landmarks = landmark_file(document)
        # The name is quoted whole and its digits are parsed, so an endless one is cut first.
        count = scheme_of_name(shortened(landmarks.scheme, MAX_VALUE)).count
    except MfpsError as error:
        raise MfpsError(f"{path}: {error}") from None
    faces = []
    for name, face in landmarks.faces.items():
        at = f"{path}: {shortened(image_name(name, f'{path}: faces'), MAX_PLACE)}"
        if len(face.points) != count:
            raise MfpsError(f"{at} has {len(face.points)} points, but the scheme {landmarks.scheme} has {count}")
        points = _points([None if point is None else list(point) for point in face.points], at)
        faces.append(LandmarkedFace(image_name(name, at), points, picture_size(face.size, at)))
    return faces


def _items(items: list[Any], path: Path) -> list[LandmarkedFace]:
    faces = []
    for number, item in enumerate(items):
        where = f"{path}: items[{number}]"
        item = _dict(item, where)
        name = image_name(item.get("image"), f"{where}: image")
        points = _points(item.get("points"), where)
        faces.append(LandmarkedFace(name, points, picture_size(item.get("size"), f"{where}: size")))
    return faces


def _ljson(document: Mapping[str, Any], path: Path) -> LandmarkedFace:
    version = document["version"]
    if version == 1:
        # A list of groups, each of them a part of the face; the points follow one another.
        groups = [_dict(group, f"{path}: groups") for group in _list(document.get("groups"), f"{path}: groups")]
        landmarks = [mark for group in groups for mark in _list(group.get("landmarks"), f"{path}: landmarks")]
        rows = [_dict(mark, f"{path}: landmarks").get("point") for mark in landmarks]
    elif version == 2:
        rows = _rows(document, str(path))
    elif version == 3:
        rows = _best_group(_dict(document.get("groups"), f"{path}: groups"), path)
    else:
        raise MfpsError(f"{path}: version {shown(version)} of .ljson is not known; use 1, 2 or 3")
    return LandmarkedFace(image_name(path.stem, str(path)), _points(rows, str(path))[:, ::-1].copy())


def _rows(group: object, where: str) -> list[Any]:
    landmarks = _dict(_dict(group, where).get("landmarks"), f"{where}: landmarks")
    return _list(landmarks.get("points"), f"{where}: points")


def _best_group(groups: Mapping[str, object], path: Path) -> list[Any]:
    # One picture may have several groups: 68 points of the face, and two of the pupils.
    found = {name: _rows(group, f"{path}: {shown(name)}") for name, group in groups.items()}
    known = {scheme.count for scheme in SCHEMES}
    chosen = [rows for rows in found.values() if len(found) == 1 or len(rows) in known]
    if len(chosen) != 1:
        given = shortened(", ".join(f"{name!r} of {len(rows)}" for name, rows in found.items()) or "none", MAX_PLACE)
        raise MfpsError(f"{path}: it is not clear which group is the face ({given}); leave only that one in the file")
    return chosen[0]


def _ffhq(entry: Mapping[str, Any], picture: str, where: str) -> LandmarkedFace:
    if picture not in ("image", "in_the_wild"):
        raise MfpsError(f"FFHQ has the pictures `image` and `in_the_wild`, not {shown(picture)}")
    at = f"{where}: {picture}"
    part = _dict(entry.get(picture), at)
    box = part.get("face_rect")
    edges = None if box is None else [coordinate(_number(edge, at), f"{at}: face_rect") for edge in _list(box, at)]
    if edges is not None and len(edges) != 4:
        raise MfpsError(f"{at}: face_rect has {len(edges)} numbers; give left, top, right and bottom")
    return LandmarkedFace(
        image_name(part.get("file_path"), f"{at}: file_path"),
        _points(part.get("face_landmarks"), at),
        picture_size(part.get("pixel_size"), f"{at}: pixel_size"),
        None if edges is None else (edges[0], edges[1], edges[2], edges[3]),
    )
