"""Checks of a safetensors file before it is parsed."""

import os
from pathlib import Path

from ..errors import MfpsError
from .regular_file import open_regular

MAX_SAFETENSORS_HEADER_BYTES = 16 * 2**20
"""A tensor takes about a hundred bytes of a header; the format permits 100 MB, which take a gigabyte to parse."""


def check_safetensors(path: str | Path, what: str, remedy: str) -> None:
    """Check that a file is a regular file, and that its header is not longer than the file or the limit.

    Args:
        path: the file.
        what: what it should be, for the message.
        remedy: what to do otherwise.

    Raises:
        MfpsError: the file fails a check.
    """
    with open_regular(path, what, remedy) as opened:
        start, size = opened.read(8), os.fstat(opened.fileno()).st_size
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > size - 8:
        raise MfpsError(f"{path}: not a safetensors file, or cut off; {remedy}")
    if length > MAX_SAFETENSORS_HEADER_BYTES:
        raise MfpsError(f"{path}: a header of {length:,} bytes is too large for a {what}; {remedy}")
