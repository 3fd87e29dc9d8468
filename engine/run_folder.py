"""A run's folder: what stands in it, and that no run overwrites another.

config.yaml           the resolved configuration; `--config` reads it back
environment.json      versions of mfps, Python and the libraries, and the machine
genotype.json, .svg   the architecture (and .png)
history.jsonl         one JSON object for each epoch
weights.safetensors   weights, with genotype and network configuration inside
tensorboard/          the same curves for TensorBoard
"""

import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from pydantic import BaseModel

from ..errors import MAX_PLACE, MfpsError, shortened
from .configuration import write_config

LIBRARIES = ("mfps", "torch", "numpy", "lightning-fabric", "scikit-image", "opencv-python", "pillow", "safetensors")
"""Libraries whose versions a run records."""


def check_free(folder: Path) -> None:
    """Raise an MfpsError unless a run could be written to `folder`: absent or empty, and its parent writable."""
    check_writable(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise MfpsError(
            f"{folder}: holds another run or other files, and a run overwrites nothing; give a new folder with --out"
        )


def check_writable(folder: Path) -> None:
    """Raise an MfpsError unless `folder` is one to write to, or could be made."""
    ancestor = folder
    try:
        while not ancestor.exists():
            ancestor = ancestor.parent
    except OSError as error:
        shown = shortened(str(folder), MAX_PLACE)
        raise MfpsError(f"{shown}: cannot be a folder ({error.strerror}); give another one with --out") from None
    if not ancestor.is_dir():
        raise MfpsError(f"{ancestor}: is a file, and --out names a folder; give another one")
    if not os.access(ancestor, os.W_OK | os.X_OK):
        raise MfpsError(f"{folder}: no permission to write in {ancestor}; give another folder with --out")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder that gets all that the block wrote when the block ends, or nothing.

    The block is given a hidden folder to write to.

    Raises:
        MfpsError: the folder holds something, or cannot be written.
    """
    check_free(folder)
    there = folder.is_dir()
    name = f".{folder.name}.{os.getpid()}.part"
    hidden = folder / name if there else folder.with_name(name)
    made = next((place for place in reversed(folder.parents) if not place.exists()), None)
    try:
        hidden.mkdir(parents=True)
    except OSError as error:
        raise MfpsError(f"{folder}: cannot be written ({error.strerror}); give another folder with --out") from None
    try:
        yield hidden
        if there:
            for written in hidden.iterdir():
                written.replace(folder / written.name)
            hidden.rmdir()
        else:
            hidden.replace(folder)
    except BaseException:
        shutil.rmtree(made or hidden, ignore_errors=True)
        raise


def open_run(folder: Path, config: BaseModel) -> Path:
    """Make the run folder with its configuration and environment.

    Raises:
        MfpsError: the folder holds another run, or cannot be written.
    """
    check_free(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_config(config, folder / "config.yaml")
        (folder / "environment.json").write_text(json.dumps(environment(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise MfpsError(f"{folder}: cannot be written ({error.strerror}); give another folder with --out") from None
    return folder


def environment() -> dict[str, str]:
    """Versions of Python, the system and the libraries that numbers depend on."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    return {**versions, "python": platform.python_version(), "system": platform.platform(), "cpus": str(os.cpu_count())}


def replace_text(file: Path, text: str) -> None:
    """Write a text file so that a reader sees the old content or the new, never half of it."""
    temporary = file.with_name(f".{file.name}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
