"""Directories of tags, as TIFF files and EXIF data have them: whether their values claim more bytes than there are.

Pillow before 13 reads the values of a directory one after the other, also where they all lie on the same bytes: so a
file of a megabyte takes gigabytes.
"""

import os
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, NamedTuple

_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_DIRECTORIES = (34665, 34853, 40965)  # EXIF, GPS, interoperability


class _Layout(NamedTuple):
    """How directories are stored."""

    place: struct.Struct
    """A place in the file."""
    number: struct.Struct
    """Of the entries of a directory."""
    entry: struct.Struct
    """Tag, type, number of values, and the values themselves or their place."""


def claims_too_much(file: BinaryIO | BytesIO) -> bool:
    """Whether the values of all directories together are longer than the file, which they are only if they overlap.

    Args:
        file: a TIFF file, or EXIF data without what stands before it; read from its beginning, and left at any place.
            What is damaged in it claims nothing.
    """
    left = size = file.seek(0, os.SEEK_END)
    for place, length in _values(file, size):
        if place + length <= size:
            left -= length
        if left < 0:
            return True
    return False


def _values(file: BinaryIO | BytesIO, size: int) -> Iterator[tuple[int, int]]:
    """Place and length of every value that stands apart from its entry, in bytes."""
    file.seek(0)
    head = file.read(16)
    order, big = (">" if head[:2] == b"MM" else "<"), head[2:4] in (b"\0+", b"+\0")
    forms = ("Q", "Q", "HHQ8s") if big else ("I", "H", "HHI4s")
    layout = _Layout(*(struct.Struct(order + form) for form in forms))
    inline = layout.place.size
    waiting, seen = [head[8:16] if big else head[4:8]], set[int]()
    while waiting:
        if len(stored := waiting.pop()) < inline:
            continue
        (start,) = layout.place.unpack(stored)
        if start in seen or not 0 < start < size:  # 0 ends the row of pictures
            continue
        seen.add(start)
        file.seek(start)
        if len(counted := file.read(layout.number.size)) < layout.number.size:
            continue
        (count,) = layout.number.unpack(counted)
        entries = file.read(min(count * layout.entry.size, size))
        whole = len(entries) // layout.entry.size * layout.entry.size
        for tag, kind, values, value in layout.entry.iter_unpack(entries[:whole]):
            length = values * _BYTES.get(kind, 1)
            if length > inline:
                yield layout.place.unpack(value)[0], length
            elif tag in _DIRECTORIES:
                waiting.append(value)
        waiting.append(file.read(inline))  # the next picture's
