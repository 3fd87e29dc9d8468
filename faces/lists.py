"""Which photographs a data folder holds, and list files that choose among them."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..errors import MfpsError
from .image import IMAGE_SUFFIXES


def image_folder(root: str | Path) -> Path:
    """Where a data folder keeps its photographs: in `images` where there is one, otherwise in itself.

    Raises:
        MfpsError: the folder is missing.
    """
    root = Path(root)
    if not root.exists():
        raise MfpsError(f"{root}: there is no such data folder; check the path")
    if not root.is_dir():
        raise MfpsError(f"{root}: a data folder is needed here, not a file")
    return root / "images" if (root / "images").is_dir() else root


def find_images(folder: str | Path) -> tuple[str, ...]:
    """Names of all photographs below a folder, as sorted posix paths relative to it.

    Hidden files and folders are passed over, and so is a folder `priors` at the top.

    Raises:
        MfpsError: the folder is empty or holds no photograph.
    """
    folder = Path(folder)
    names: list[str] = []
    empty = True
    for place, folders, files in os.walk(folder, followlinks=True):
        here = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not name.startswith(".") and (here / name) != Path("priors")]
        visible = [name for name in files if not name.startswith(".")]
        empty = empty and not visible
        names += [(here / name).as_posix() for name in visible if Path(name).suffix.lower() in IMAGE_SUFFIXES]
    if not names:
        what = "the folder is empty" if empty else "no image in the folder"
        raise MfpsError(f"{folder}: {what}; put photographs there ({', '.join(IMAGE_SUFFIXES)})")
    return tuple(sorted(names))


def png_names(names: Sequence[str], where: str | Path) -> tuple[str, ...]:
    """The PNG file that each photograph's result goes to: the same name with another suffix.

    Raises:
        MfpsError: two photographs differ by their suffix alone, so that one result would overwrite the other.
    """
    results = [PurePosixPath(name).with_suffix(".png").as_posix() for name in names]
    if len(set(results)) < len(results):
        twice = next(name for name, count in Counter(results).items() if count > 1)
        raise MfpsError(
            f"{where}: two photographs differ by their suffix alone and would both become {twice}; rename one"
        )
    return tuple(results)


def read_list(path: str | Path, root: str | Path) -> tuple[str, ...]:
    """Read a list file: the names of photographs, one a line, in the order given.

    Blank lines and lines that start with `#` are passed over, and so is a byte order mark.

    Args:
        path: the list file, taken as it is or, where that does not exist, relative to `root`.
        root: the data folder; names are relative to its photographs (`image_folder`).

    Raises:
        MfpsError: the list is missing, empty or not text; a name comes twice, leaves the folder or has no photograph.
    """
    given = Path(path)
    path = given if given.is_file() else Path(root) / given
    folder = image_folder(root)
    if not path.is_file():
        what = "a folder, not a list" if given.is_dir() else f"there is no such list, nor one in {root}"
        raise MfpsError(f"{given}: {what}; give a text file with the name of one photograph a line")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MfpsError(f"{path}: the list cannot be read as UTF-8 text; save it as plain text") from error
    names: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        name = _inside(name, f"{path}, line {number}")
        if name in names:
            raise MfpsError(f"{path}, line {number}: {name} stands on line {names[name]} already; remove one")
        names[name] = number
    if not names:
        raise MfpsError(f"{path}: the list names no photograph; write one name a line")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise MfpsError(
            f"{path}: {len(missing)} of {len(names)} photographs are missing from {folder}, first {missing[0]} "
            f"(line {names[missing[0]]}); add them or remove the lines"
        )
    return tuple(names)


def _inside(name: str, where: str) -> str:
    """The normal form of a name that stays inside its folder."""
    plain = PurePosixPath(name.replace("\\", "/"))
    if "\0" in name or plain.is_absolute() or ".." in plain.parts or ":" in plain.parts[0] or not plain.name:
        raise MfpsError(f"{where}: {name!r} leads out of the data folder; give a path relative to its photographs")
    return plain.as_posix()
