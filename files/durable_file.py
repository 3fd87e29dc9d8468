"""Files that are there whole or not at all, also after a crash: written under another name, synced, renamed."""

import os
from pathlib import Path


def write_durably(file: Path, content: bytes | str) -> None:
    """Write a file so that a reader, or the next start of the machine, sees its old content or the new one.

    Args:
        file: where to; its folder must exist.
        content: text is written as UTF-8.

    Raises:
        OSError: it cannot be written; the old content stays.
    """
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        with partial.open("wb") as opened:
            opened.write(data)
            sync(opened.fileno())
        partial.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        error.filename = str(file)  # a full disk does not say where
        raise
    finally:
        partial.unlink(missing_ok=True)


def sync(descriptor: int) -> None:
    """Have the system write an open file through to the disk."""
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Have the system write a folder's names through to the disk, where it can."""
    if os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
