"""The photographs of a data folder, and list files that choose some of them."""

import io
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import MAX_PLACE, MfpsError, holds_controls, shortened, shown
from ..files.boundary import Boundary
from ..files.regular_file import is_file, is_folder, read_text
from .image import IMAGE_SUFFIXES
from .near_names import near_name

MAX_LIST_BYTES = 16 * 2**20
"""A list of a million names of 16 characters."""

_LIST_REMEDY = "give a text file with the name of one photograph per line"


def image_folder(root: str | Path, follow_links: bool = False) -> Path:
    """The folder of a data folder's photographs: its `images` if there is one, otherwise the data folder itself.

    Args:
        root: the data folder.
        follow_links: links may lead out of it.

    Raises:
        MfpsError: the folder is missing, or its `images` is a link that leads out of it.
    """
    root = Path(root)
    if not is_folder(root):
        if os.path.lexists(root):
            raise MfpsError(f"{root}: a data folder is needed here, not a file")
        raise MfpsError(f"{root}: there is no such data folder; check the path")
    if not is_folder(root / "images"):
        return root
    Boundary(root, follow_links).check(root / "images")
    return root / "images"


def find_photographs(source: str | Path, follow_links: bool = False) -> tuple[Path, tuple[str, ...]]:
    """Find one photograph, or all of a data folder; returns the folder in which they lie, and their names in it.

    Args:
        source: the photograph or the data folder.
        follow_links: links may lead out of the folder.

    Raises:
        MfpsError: there is no such file or folder; see also `image_folder` and `find_images`.
    """
    source = Path(source)
    if is_file(source):
        return source.parent, (source.name,)
    if not is_folder(source):
        raise MfpsError(f"{source}: neither a photograph nor a folder of photographs; check the path")
    folder = image_folder(source, follow_links)
    return folder, find_images(folder, follow_links)


def find_images(folder: str | Path, follow_links: bool = False) -> tuple[str, ...]:
    """Names of all photographs below a folder, as sorted posix paths relative to it.

    Hidden files and folders are skipped, and so is a folder `priors` at the top. Links within the folder are followed;
    no folder is searched twice.

    Args:
        folder: the folder.
        follow_links: links may lead out of it.

    Raises:
        MfpsError: the folder is empty, holds no photograph or cannot be read; a link leads out of it; or the name of a
            photograph cannot be written to a text file.
    """
    folder = Path(folder)
    names: list[str] = []
    empty = True
    for name in _visible_files(folder, follow_links):
        empty = False
        if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES:
            if holds_controls(name):
                raise MfpsError(f"{folder}: {_unwritable(name)}")
            names.append(name)
    if not names:
        what = "the folder is empty" if empty else "no image in the folder"
        raise MfpsError(f"{folder}: {what}; put photographs there ({', '.join(IMAGE_SUFFIXES)})")
    return tuple(sorted(names))


def _visible_files(folder: Path, follow_links: bool) -> Iterator[str]:
    """Posix paths of the files below a folder; linked folders come last, so that a file gets its simplest name."""
    boundary = Boundary(folder, follow_links)
    plain, linked, seen = [""], list[str](), set[tuple[int, int]]()
    while plain or linked:
        here = plain.pop() if plain else linked.pop(0)
        place = os.path.join(folder, here)  # noqa: PTH118 - strings are faster, and there may be a million
        try:
            there = os.stat(place)  # noqa: PTH116
            if (there.st_dev, there.st_ino) in seen:
                continue
            seen.add((there.st_dev, there.st_ino))
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            raise MfpsError(f"{place}: the folder cannot be read ({error.strerror}); check its permissions") from None
        for entry in entries:
            name = f"{here}/{entry.name}" if here else entry.name
            if entry.name.startswith(".") or name == "priors":
                continue
            if entry.is_symlink():
                boundary.check(entry.path)
            if not _is_folder(entry):
                yield name
            elif entry.is_symlink():
                linked.append(name)
            else:
                plain.append(name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circular link; opening it raises the error
        return False


def _unwritable(name: str) -> str:
    """Why a name cannot be written to a text file, and what to do."""
    try:
        meant = os.fsencode(name).decode("utf-8")
    except UnicodeError:
        meant = ""
    if meant and not holds_controls(meant):
        return (
            f"the name {shown(meant)} is UTF-8, but this process reads file names as {sys.getfilesystemencoding()}; "
            "set the environment variable PYTHONUTF8=1, or LC_ALL to a UTF-8 locale such as C.UTF-8"
        )
    return f"the name {shown(name)} has characters that a text file cannot hold; rename the file"


def list_text(names: Iterable[str]) -> str:
    """The text of a list file from which `read_list` reads these names.

    Args:
        names: photographs, as `find_images` returns them.
    """
    # As it stands, a name with such a start would be a comment, or lose the start.
    return "".join(
        f"./{name}\n" if name.startswith(("#", "\ufeff")) or name != name.strip() else f"{name}\n" for name in names
    )


def result_names(names: Sequence[str], where: str | Path, suffix: str = ".png") -> tuple[str, ...]:
    """The name of the file for each photograph's result: the same name with another suffix.

    Raises:
        MfpsError: two photographs differ only by their suffix, so that one result would overwrite the other.
    """
    results = [PurePosixPath(name).with_suffix(suffix).as_posix() for name in names]
    if len(set(results)) < len(results):
        twice = next(name for name, count in Counter(results).items() if count > 1)
        raise MfpsError(
            f"{where}: two photographs differ only by their suffix and would both become {twice}; rename one"
        )
    return tuple(results)


def read_list(path: str | Path, root: str | Path, follow_links: bool = False) -> tuple[str, ...]:
    """Read a list file: the names of photographs, one per line, in the order of the file.

    Blank lines, lines that start with `#` and a byte order mark are ignored. A path may also be absolute, if it begins
    with the folder of the photographs.

    Args:
        path: the list file; if there is no such file, the path relative to `root` is tried.
        root: the data folder; names are relative to its photographs (`image_folder`).
        follow_links: links may lead out of it.

    Raises:
        MfpsError: the list is missing, empty or not text; a name occurs twice, leads out of the folder or has no
            photograph; the message names the photograph that was most likely meant.
    """
    given, folder = Path(path), image_folder(root, follow_links)
    path = given if is_file(given) else Path(root) / given
    if not is_file(path) and os.path.lexists(given) and not is_folder(given):
        path = given  # a pipe or a broken link, about which reading it raises the error
    elif not is_file(path):
        what = "a folder, not a list" if is_folder(given) else f"there is no such list, nor one in {root}"
        raise MfpsError(f"{given}: {what}; {_LIST_REMEDY}")
    if path != given:
        Boundary(root, follow_links).check(path)
    text = read_text(path, "list", MAX_LIST_BYTES, _LIST_REMEDY)
    names: dict[str, int] = {}
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        name = _inside(name, folder, f"{path}, line {number}")
        if name in names:
            raise MfpsError(f"{path}, line {number}: {name} is on line {names[name]} already; remove one")
        names[name] = number
    if not names:
        raise MfpsError(f"{path}: the list names no photograph; write one name per line")
    boundary = Boundary(folder, follow_links)
    for name in names:
        boundary.check(folder / name)
    missing = [name for name in names if not is_file(folder / name)]
    if missing:
        first = missing[0]
        near = near_name(first, _photographs_there(folder))
        remedy = "write names as they are there" if near else "add them or remove the lines"
        raise MfpsError(
            f"{path}: {len(missing)} of {len(names)} photographs are missing from {folder}, first "
            f"{shortened(first, MAX_PLACE)} (line {names[first]}){near and f', but {near}'}; {remedy}"
        )
    return tuple(names)


def _photographs_there(folder: Path) -> tuple[str, ...]:
    try:
        return find_images(folder)
    except MfpsError:  # another fault, which hides what could have been meant
        return ()


def _inside(name: str, folder: Path, where: str) -> str:
    """Normalise a name, and check that it stays inside its folder. Its text decides: no file elsewhere is looked at."""
    if holds_controls(name):
        raise MfpsError(f"{where}: {shown(name)} is not a photograph's name; {_LIST_REMEDY}")
    plain = PurePosixPath(name.replace("\\", "/"))
    own = "\\" in name and os.name != "nt" and ".." not in plain.parts and not name.startswith("/")
    if own and is_file(folder / name):  # a backslash of the file's own
        return PurePosixPath(name).as_posix()
    remedy = f"give a path relative to {folder}"
    if plain.is_absolute():
        for above in map(Path, (os.path.abspath(folder), os.path.realpath(folder))):  # noqa: PTH100 - keeps links
            if plain.is_relative_to(above.as_posix()):
                return _inside(plain.relative_to(above.as_posix()).as_posix(), folder, where)
    drive = PureWindowsPath(name) if ":" in name else None
    if plain.is_absolute() or (drive and (drive.is_absolute() or (drive.drive and os.name == "nt"))):
        raise MfpsError(f"{where}: {shown(name)} leads out of the data folder, and is not in {folder}; {remedy}")
    if ".." in plain.parts:
        out = os.path.normpath(plain).startswith("..")
        what = "leads out of the data folder" if out else "goes up with `..`, which is not followed"
        raise MfpsError(f"{where}: {shown(name)} {what}; {remedy}")
    if not plain.name or "://" in name:
        raise MfpsError(f"{where}: {shown(name)} is not the path of a photograph; {remedy}")
    return plain.as_posix()
