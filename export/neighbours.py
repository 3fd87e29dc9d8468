"""What other programs need beside an ONNX file, and what they ask of its name.

Source: facefusion 3.8 (processors/modules/face_enhancer/core.py, hash_helper.py); ComfyUI-ReActor (nodes.py).
"""

import re
import zlib
from collections.abc import Callable
from pathlib import Path

from ..errors import MfpsError, shown
from ..files.atomic_file import write_atomically

NAME = re.compile(r"\w[\w.+-]{0,99}", re.ASCII)
"""Names of files that mean themselves in a shell, in Python and in Markdown."""

TAKEN_BY_REACTOR = ("codeformer", "1024", "2048")
"""Parts of a name by which ReActor chooses another loader or another size of the face."""


def check_name(name: str | None) -> str | None:
    """Return a name of files, or raise an MfpsError."""
    if name is not None and not NAME.fullmatch(name):
        raise MfpsError(
            f"{shown(name)}: use up to 100 letters, digits and any of _.+-, and begin with one of the former"
        )
    return name


def plain_name(text: str) -> str:
    """The name of files for something that may be called anything."""
    words = re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII).strip("-.+")[:60]
    return words or "network"


def check_for_reactor(name: str) -> None:
    """Raise an MfpsError if ReActor would take a file of this name for something else."""
    if wrong := next((part for part in TAKEN_BY_REACTOR if part in name.lower()), None):
        raise MfpsError(
            f"ReActor takes a file with {wrong!r} in its name for one of another kind or size, and {shown(name)} has "
            "it; give another `name`"
        )


def _reactor(_file: Path, _licence: str) -> list[str]:
    """Nothing but the name, which `check_for_reactor` checks."""
    return []


def _facefusion(file: Path, licence: str) -> list[str]:
    """The checksum that facefusion compares, and the entry for its table of face enhancers."""
    name, entry = f"{file.stem}.hash", f"{file.stem}.facefusion.txt"
    write_atomically(file.with_name(name), f"{zlib.crc32(file.read_bytes()):08x}")
    write_atomically(file.with_name(entry), facefusion_entry(file.stem, licence or "not stated"))
    return [name, entry]


def facefusion_entry(name: str, licence: str) -> str:
    """The entry of `create_static_model_set` for a file in facefusion's `.assets/models`.

    Args:
        name: of the file, without its ending.
        licence: terms of use of the weights.
    """
    parts = {"hashes": "hash", "sources": "onnx"}
    lines = [f"{name!r}:", "{", f"\t'__metadata__': {{'vendor': 'mfps', 'license': {licence!r}, 'year': None}},"]
    for part, ending in parts.items():
        path = f"../.assets/models/{name}.{ending}"
        lines.append(f"\t{part!r}: {{'face_enhancer': {{'url': '', 'path': resolve_relative_path({path!r})}}}},")
    return "\n".join([*lines, "\t'template': 'ffhq_512',", "\t'size': (512, 512)", "},", ""])


NEIGHBOURS: dict[str, Callable[[Path, str], list[str]]] = {"facefusion": _facefusion, "reactor": _reactor}
"""For each program what it needs beside an ONNX file whose weights have that licence: written, and returned by name."""
