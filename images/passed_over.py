"""What of a folder is not read as a photograph, in one line for people."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ..files.regular_file import is_folder
from .image import IMAGE_SUFFIXES

_SHOWN = 4
"""Suffixes that are named."""


def passed_over(source: Path, folder: Path, names: Iterable[str]) -> str:
    """Say which files of a folder are passed over: those of other suffixes, and those beside `images`.

    Hidden files and a folder `priors` are no photographs, and are not counted. Links to folders are not followed.

    Args:
        source: what was given, a photograph or a data folder.
        folder: where its photographs lie, see `image_folder`.
        names: the photographs, as `find_images` returns them.

    Returns:
        Such as `2 files of other suffixes (.gif 1, .txt 1), 1 photograph beside images/`; empty if there are none.
    """
    if not is_folder(source):
        return ""
    taken, below = set(names), os.path.relpath(folder, source).replace(os.sep, "/")
    suffixes, beside = Counter[str](), 0
    for place, folders, files in os.walk(source):
        here = PurePosixPath(os.path.relpath(place, source).replace(os.sep, "/"))
        folders[:] = [name for name in folders if not name.startswith(".") and (here / name).as_posix() != "priors"]
        inside = below == "." or here.is_relative_to(below)
        for name in files:
            path = here / name
            if name.startswith(".") or (inside and path.relative_to(below).as_posix() in taken):
                continue
            suffix = path.suffix.lower()
            if not inside and suffix in IMAGE_SUFFIXES:
                beside += 1
            elif suffix not in IMAGE_SUFFIXES:
                suffixes[suffix or "none"] += 1
    parts = []
    if count := suffixes.total():
        named = [f"{suffix} {number}" for suffix, number in suffixes.most_common(_SHOWN)]
        more = ["..."] if len(suffixes) > _SHOWN else []
        parts.append(f"{count} {'file' if count == 1 else 'files'} of other suffixes ({', '.join([*named, *more])})")
    if beside:
        parts.append(f"{beside} {'photograph' if beside == 1 else 'photographs'} beside {below}/")
    return ", ".join(parts)
