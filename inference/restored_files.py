"""Where restored pictures go: a folder that mirrors the photographs', or one file for one photograph."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..errors import MfpsError
from ..files.atomic_file import remove_leftovers
from ..files.atomic_folder import atomic_folder, check_free, check_writable, made_folder
from ..files.regular_file import is_file, is_folder
from ..images.fields import PictureFormat
from ..images.image import IMAGE_SUFFIXES
from ..images.lists import result_names
from ..images.photograph import SUFFIXES
from .config import RestoreConfig

COMPARISONS = "cmp"
"""Folder of the pictures that show the input beside the output."""


class RestoredFiles(NamedTuple):
    """Where the results of some photographs go."""

    folder: Path
    names: tuple[str, ...]
    """By photograph, posix paths in the folder."""
    kind: PictureFormat
    single: bool
    """The folder is that of the one file that was asked for, and may hold others."""

    @contextmanager
    def all_or_none(self) -> Iterator[Path]:
        """A folder to write all of them to; they have their names when the block ends, or none is left."""
        if self.single:
            with made_folder(self.folder):
                yield self.folder
        else:
            with atomic_folder(self.folder) as unfinished:
                yield unfinished


def is_one_file(config: RestoreConfig) -> bool:
    """Whether one file is to become one file."""
    return is_file(config.source) and config.out.suffix.lower() in IMAGE_SUFFIXES and not is_folder(config.out)


def check_out(config: RestoreConfig) -> None:
    """Raise an MfpsError unless results can be written where they are to go, and would replace nothing.

    What a killed process left half-written there is removed. A folder that is to be continued is checked elsewhere.
    """
    suffix = config.out.suffix.lower()
    if is_folder(config.source) and suffix in IMAGE_SUFFIXES and not is_folder(config.out):
        raise MfpsError(f"{config.out}: is called as a picture, but many need a folder; give a folder for `out`")
    if not is_one_file(config):
        if config.resume:
            check_writable(config.out)
        else:
            check_free(config.out)
        return
    kind = SUFFIXES.get(suffix)
    if kind is None:
        raise MfpsError(f"{config.out}: {suffix} files are not written; call it .png, .jpg or .webp")
    if config.format not in (None, kind):
        raise MfpsError(f"{config.out}: its suffix does not fit `format` {config.format}; leave one of them out")
    if config.cmp:
        raise MfpsError(f"{config.out}: a file, but `cmp` makes several; give a folder for `out`, or leave `cmp` out")
    check_writable(config.out.parent)
    remove_leftovers(config.out)
    if os.path.lexists(config.out):
        raise MfpsError(f"{config.out}: already exists, and nothing is overwritten; give another name for `out`")


def restored_files(config: RestoreConfig, names: Sequence[str]) -> RestoredFiles:
    """Where the results of photographs go.

    Args:
        config: the settings.
        names: the photographs in their folder.

    Raises:
        MfpsError: two would get one name.
    """
    if is_one_file(config):
        return RestoredFiles(config.out.parent, (config.out.name,), SUFFIXES[config.out.suffix.lower()], True)
    kind = config.format or "png"
    results = result_names(names, config.source, f".{kind}")
    if config.cmp and (taken := next((name for name in names if name.startswith(f"{COMPARISONS}/")), None)):
        raise MfpsError(
            f"{config.source}: {taken} would get the place of a comparison; rename its folder, or leave `cmp` out"
        )
    return RestoredFiles(config.out, results, kind, False)
