"""The SHA-256 of files and texts, and numbers that stand for names."""

import hashlib
import unicodedata
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


def sha256_of_texts(*texts: str) -> str:
    """The SHA-256 of some texts, in hexadecimal; other texts, or another division of them, have another one."""
    parts = [text.encode("utf-8", "surrogateescape") for text in texts]
    return hashlib.sha256(b"".join(b"%d " % len(part) + part for part in parts)).hexdigest()


def number_of(name: str) -> int:
    """A number of 128 bits that stands for a name in the seed of whatever is random about the thing it names.

    Two spellings of the name that differ by Unicode normalisation only, as copies between systems do, give one number.
    """
    normal = unicodedata.normalize("NFC", name).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(normal).digest()[:16], "big")
