"""Landmarks from other people's files: .pts, dlib XML, menpo .ljson, FFHQ's JSON, lists in JSON and CSV tables."""

import csv
import re
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import numpy as np

from ...errors import MAX_PLACE, MAX_VALUE, MfpsError, shortened, shown
from ...files.boundary import Boundary
from ...files.regular_file import is_folder, read_bytes
from .given import (
    MAX_POINTS,
    GivenLandmarks,
    LandmarkedFace,
    coordinate,
    coordinate_pair,
    given_landmarks,
    image_name,
    match_images,
    picture_size,
)
from .json_formats import read_json_landmarks
from .landmark_file import MAX_LANDMARK_BYTES

__all__ = ["LANDMARK_FORMATS", "GivenLandmarks", "LandmarkedFace", "match_images", "read_given_landmarks"]

LANDMARK_FORMATS = (
    "landmarks.json of mfps, .pts, dlib XML, menpo .ljson, FFHQ JSON, JSON with items, CSV with image,x0,y0,..."
)
"""The known formats, for messages."""

_PTS_HEADER = re.compile(rb"(version|n_points)\s*:")

_MAX_DEPTH = 16  # of XML elements

_BOX_KEYS = ("left", "top", "width", "height")


def read_given_landmarks(
    path: Path, ffhq: Literal["image", "in_the_wild"] = "image", follow_links: bool = False
) -> GivenLandmarks:
    """Read the landmarks of a file in any known format, or of a folder of .pts files.

    The content tells the format. .pts (300-W, version 1) counts pixels from 1, all others from 0; menpo's .ljson has
    y before x. Sources: menpo's importers (.pts, .ljson versions 1 to 3), dlib's image metadata.

    Args:
        path: a file, or a folder that holds .pts files at any depth.
        ffhq: which of the two pictures of FFHQ's metadata: the aligned face or the photograph it was cut from.
        follow_links: links may lead out of a folder.

    Raises:
        MfpsError: the file cannot be read, is too large, has no known format or breaks its rules, or the faces have
            different numbers of points.
    """
    path = Path(path)
    return given_landmarks(path, _read_folder(path, follow_links) if is_folder(path) else _read_file(path, ffhq))


def _content(path: Path) -> bytes:
    return read_bytes(path, "file of landmarks", MAX_LANDMARK_BYTES)


def _text(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MfpsError(
            f"{where}: is not UTF-8 text at byte {error.start}; the known formats are {LANDMARK_FORMATS}"
        ) from None


def _read_folder(folder: Path, follow_links: bool) -> list[LandmarkedFace]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() == ".pts" and not is_folder(file))
    boundary = Boundary(folder, follow_links)
    for file in files:
        boundary.check(file)
    if not files:
        raise MfpsError(f"{folder}: a folder of landmarks holds .pts files, and this one has none; name a file instead")
    return [_read_pts(_content(file), file, file.relative_to(folder).with_suffix("").as_posix()) for file in files]


def _read_file(path: Path, ffhq: str) -> list[LandmarkedFace]:
    content = _content(path)
    start = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if path.suffix.lower() == ".pts" or _PTS_HEADER.match(start):
        return [_read_pts(content, path, path.stem)]
    if start.startswith(b"<"):
        return _read_dlib(content, str(path))
    if start.startswith((b"{", b"[")):
        faces = read_json_landmarks(_text(content, str(path)), path, ffhq)
        if faces is None:
            raise MfpsError(
                f"{path}: JSON, but not in a form that holds landmarks; the known formats are {LANDMARK_FORMATS}"
            )
        return faces
    if start.lower().startswith((b"image", b'"image')):
        return _read_csv(_text(content, str(path)), str(path))
    raise MfpsError(
        f"{path}: {'has no known format' if content else 'is empty'}; the known ones are {LANDMARK_FORMATS}"
    )


def _read_pts(content: bytes, path: Path, name: str) -> LandmarkedFace:
    lines = [(number, line.split()) for number, line in enumerate(_text(content, str(path)).splitlines(), 1)]
    lines = [(number, words) for number, words in lines if words]
    opened = next((place for place, (_, words) in enumerate(lines) if words == ["{"]), None)
    if opened is None or lines[-1][1] != ["}"]:
        raise MfpsError(f"{path}: .pts lists its points between a line {{ and a last line }}; replace the file")
    header: dict[str, str] = {}
    for number, words in lines[:opened]:
        key, colon, value = " ".join(words).partition(":")
        if not colon or key.strip() in header:
            raise MfpsError(f"{path}: line {number} of the header is not `key: value`, or repeats a key; correct it")
        header[key.strip()] = value.strip()
    if float(coordinate(header.get("version", "1"), f"{path}: version")) != 1:
        raise MfpsError(
            f"{path}: version {shortened(header['version'], MAX_VALUE)} of .pts is not known; use version 1"
        )
    rows = lines[opened + 1 : -1]
    for number, words in rows:
        if len(words) != 2:
            raise MfpsError(f"{path}: line {number} has {len(words)} values; a point is x and y")
    count = header.get("n_points", str(len(rows)))
    if count != str(len(rows)):
        raise MfpsError(
            f"{path}: has {len(rows)} points, but its header says {shortened(count, MAX_VALUE)}; correct it"
        )
    pairs = [coordinate_pair(words[0], words[1], f"{path}: line {number}") for number, words in rows]
    return LandmarkedFace(image_name(name, str(path)), np.array(pairs, np.float64).reshape(-1, 2) - 1)


class _PlainTree(ElementTree.TreeBuilder):
    depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise MfpsError(f"elements nested more than {_MAX_DEPTH} deep; dlib's landmark files have five levels")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self.depth -= 1
        return super().end(tag)

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # before any entity is read
        raise MfpsError(f"declares a document type ({shortened(name, MAX_VALUE)}); dlib's landmark files declare none")


def _read_dlib(content: bytes, where: str) -> list[LandmarkedFace]:
    try:
        root = ElementTree.XML(content, ElementTree.XMLParser(target=_PlainTree()))
    except MfpsError as error:
        raise MfpsError(f"{where}: {error}") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # the last two: a strange encoding
        reason = shortened(str(error), MAX_PLACE)  # it quotes an encoding's name, however long
        raise MfpsError(f"{where}: is not well-formed XML ({reason}); replace the file") from None
    if root.tag != "dataset":
        raise MfpsError(f"{where}: XML with landmarks is dlib's, <dataset>, not <{shortened(root.tag, MAX_VALUE)}>")
    found: list[tuple[dict[int, tuple[float, float]], LandmarkedFace]] = []
    for image in root.iter("image"):
        name = image_name(image.get("file"), f"{where}: image file")
        at = f"{where}: {shortened(name, MAX_PLACE)}"
        width, height = image.get("width"), image.get("height")
        size = None if width is None or height is None else picture_size([_whole(width, at), _whole(height, at)], at)
        for box in image.iter("box"):
            parts: dict[int, tuple[float, float]] = {}
            for part in box.iter("part"):
                number = _whole(part.get("name", ""), f"{at}: part name")
                if number in parts or number >= MAX_POINTS:
                    raise MfpsError(f"{at}: part {number} appears twice or is too high; number the points from 0")
                parts[number] = (coordinate(part.get("x"), f"{at}: x"), coordinate(part.get("y"), f"{at}: y"))
            if parts:  # a box without parts is a face that nobody placed landmarks on
                left, top, across, down = (coordinate(box.get(k), f"{at}: {k}") for k in _BOX_KEYS)
                edges = (left, top, left + across - 1, top + down - 1)
                found.append((parts, LandmarkedFace(name, np.empty(0), size, edges)))
    # dlib leaves hidden parts out: the highest number in the whole file says how many there are.
    count = 1 + max((max(parts) for parts, _ in found), default=0)
    faces = []
    for parts, face in found:
        points = np.full((count, 2), np.nan)
        points[list(parts)] = list(parts.values())
        faces.append(LandmarkedFace(face.image, points, face.size, face.box))
    return faces


def _whole(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise MfpsError(f"{where}: {shown(text)} is not a whole number; correct it")
    return int(text)


def _read_csv(text: str, where: str) -> list[LandmarkedFace]:
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    faces = []
    try:
        header = [cell.strip().lower() for cell in next(row for row in rows if row)]
        count = (len(header) - 1) // 2
        if count < 1 or header != ["image", *(f"{axis}{number}" for number in range(count) for axis in "xy")]:
            raise MfpsError(f"{where}: a CSV table of landmarks has the header image,x0,y0,x1,y1,...; correct it")
        for row in rows:
            at = f"{where}: line {rows.line_num}"
            if row and len(row) != len(header):
                raise MfpsError(
                    f"{at} has {len(row)} cells, but the header has {len(header)}; leave missing ones empty"
                )
            if row:
                cells = [cell.strip() or None for cell in row[1:]]
                pairs = [coordinate_pair(x, y, at) for x, y in zip(cells[::2], cells[1::2], strict=True)]
                faces.append(LandmarkedFace(image_name(row[0].strip(), at), np.array(pairs, np.float64)))
    except csv.Error as error:
        raise MfpsError(f"{where}: line {rows.line_num} is not CSV ({error}); correct it") from None
    return faces
