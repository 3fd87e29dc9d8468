"""What a file is known by: the SHA-256 of its content."""

import hashlib
from io import BufferedReader
from pathlib import Path


def sha256_of(file: Path | BufferedReader) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Args:
        file: its path; or a file opened for reading, from where it stands.

    Raises:
        OSError: it cannot be read.
    """
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    return hashlib.file_digest(file, "sha256").hexdigest()
