"""Torch's archives among exported files: what kind they are and what they say, read without running anything.

A program of torch.export, a package of AOTInductor and a TorchScript module are programs. Torch runs what they say,
and a package is machine code; so they must come from someone who may run code here. What is checked keeps mistakes out
rather than attacks: the file says which network it is, and nothing in it is a pickle of anything but tensors, which
torch would unpickle whatever it names.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from ..errors import MfpsError, shortened
from ..files.regular_file import open_regular
from ..networks.state_dict_file import first_other_name
from .export_metadata import PREFIX

ArchiveKind = Literal["program", "package", "script"]
"""A program of torch.export, a package of AOTInductor, a TorchScript module."""

REMEDY = "give a file of `mfps export`"

MAX_TEXT_BYTES = 2**22
"""Of one text about the file, or of one file of settings in it; a genotype has some kilobytes."""

MAX_BYTES = 2**34

_PROGRAM_DATA = re.compile(
    r"data/(weights/weight_\d+|constants/tensor_\d+|(weights|constants)/\w+_config\.json|sample_inputs/\w+\.pt)"
)
"""What belongs to a program: plain bytes, JSON, and its example inputs."""


class Archive(NamedTuple):
    """What is read of an archive."""

    kind: ArchiveKind
    texts: dict[str, str]
    """What the file says about itself, by key."""


def is_archive(file: Path) -> bool:
    """Whether a file is a zip archive that says which network of mfps it is; False for whatever cannot be read."""
    try:
        with _opened(file) as archive:
            return any(name.endswith(f"/extra/{PREFIX}format") for name in archive.namelist())
    except MfpsError:
        return False


def read_archive(file: Path) -> Archive:
    """Find out what an archive is and what it says about itself.

    Raises:
        MfpsError: it is no such archive, is damaged, or holds pickles of other things than tensors.
    """
    with _opened(file) as archive:
        return _read(archive, file)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive; whatever is found to be damaged inside the block is an MfpsError."""
    with open_regular(file, "exported file", REMEDY) as opened:
        try:
            with zipfile.ZipFile(opened) as archive:
                yield archive
        except MfpsError:
            raise
        except Exception:  # zipfile raises almost anything for a damaged archive
            raise MfpsError(
                f"{file}: not an archive of torch, or damaged or cut short; {REMEDY}, or export it again"
            ) from None


def _read(archive: zipfile.ZipFile, file: Path) -> Archive:
    names = [member.filename for member in archive.infolist()]
    if len(set(names)) < len(names) or sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
        raise MfpsError(f"{file}: an archive that torch did not write; {REMEDY}")
    inside = {name.partition("/")[2]: name for name in names}
    kind = _kind(inside)
    if kind is None:
        raise MfpsError(f"{file}: neither a program of torch.export, nor compiled by it, nor TorchScript; {REMEDY}")
    if kind == "program":
        _check_program(archive, inside, file)
    start = f"extra/{PREFIX}"
    texts = {
        path.removeprefix("extra/"): _content(archive, name, file).decode()
        for path, name in inside.items()
        if path.startswith(start)
    }
    return Archive(kind, texts)


def _kind(inside: dict[str, str]) -> ArchiveKind | None:
    compiled = any(path.startswith("data/aotinductor/") for path in inside)
    if any(path.startswith("models/") for path in inside):
        return None if compiled else "program"
    if compiled:
        return "package"
    return "script" if "constants.pkl" in inside and any(path.startswith("code/") for path in inside) else None


def _check_program(archive: zipfile.ZipFile, inside: dict[str, str], file: Path) -> None:
    for path, name in inside.items():
        if not path.startswith("data/"):
            continue
        if not _PROGRAM_DATA.fullmatch(path):
            raise MfpsError(f"{file}: holds {shortened(path, 60)}, which no network needs, and is not opened; {REMEDY}")
        if path.endswith(".json") and re.search(rb'"use_pickle":\s*true', _content(archive, name, file)):
            raise MfpsError(f"{file}: its weights are pickled, so that opening it can run code; {REMEDY}")
        if path.endswith(".pt"):
            with zipfile.ZipFile(io.BytesIO(archive.read(name))) as saved:
                for member in saved.namelist():
                    if member.endswith(".pkl") and (other := first_other_name(saved.read(member))):
                        raise MfpsError(
                            f"{file}: holds {shortened(other, 60)}, not only tensors, and is not opened, since such a "
                            f"file can run code; {REMEDY}"
                        )


def _content(archive: zipfile.ZipFile, name: str, file: Path) -> bytes:
    if archive.getinfo(name).file_size > MAX_TEXT_BYTES:
        raise MfpsError(f"{file}: {shortened(name, 60)} is too large for what it says; {REMEDY}")
    return archive.read(name)
