"""The SHA-256 of files."""

import hashlib
from io import BufferedReader
from pathlib import Path


def sha256_of(file: Path | BufferedReader) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Args:
        file: a path; or a file opened for reading, which is hashed from its current position.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    return hashlib.file_digest(file, "sha256").hexdigest()
