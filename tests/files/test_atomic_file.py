"""A file exists completely or not at all, whatever happens, and no other file is left beside it."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mfps.errors import MfpsError
from mfps.files.atomic_file import (
    atomic_file,
    is_partial,
    partial_of,
    remove_leftovers,
    remove_partials,
    write_atomically,
)

from ..processes import dies_at


class Killed(BaseException):
    """The process ends here."""


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("name", ["x.json", "\u00e9" * 127, "a" * 255])
def test_content_is_replaced_completely(tmp_path, name):
    file = tmp_path / name
    for content, expected in (("old", b"old"), ("n\u00e9w", "n\u00e9w".encode()), (b"\x00", b"\x00")):
        write_atomically(file, content)
        assert file.read_bytes() == expected
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failure_leaves_the_old_content_and_no_partial_file(tmp_path, monkeypatch, refused, failing):
    file = tmp_path / "x.json"
    write_atomically(file, "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    monkeypatch.setattr("pathlib.Path.replace", os.replace)
    with refused("x.json: cannot be written .No space left on device.; check its folder"):
        write_atomically(file, "new")
    assert file.read_text() == "old"
    assert names(tmp_path) == ["x.json"]


def test_a_new_file_replaces_none_that_another_process_makes_meanwhile(tmp_path, refused):
    file = tmp_path / "x.json"
    with refused("x.json: cannot be written .File exists."), atomic_file(file, new=True) as partial:
        partial.write_text("ours")
        file.write_text("theirs")
    assert file.read_text() == "theirs"
    assert names(tmp_path) == ["x.json"]


@pytest.mark.parametrize("failing", ["link", "fsync of the folder"])
def test_a_new_file_that_cannot_get_its_name_leaves_none(tmp_path, monkeypatch, refused, failing):
    sync = os.fsync

    def fail(*arguments):
        if failing == "link" or Path(f"/proc/self/fd/{arguments[0]}").readlink() == tmp_path:
            raise OSError(28, "No space left on device")
        sync(*arguments)

    monkeypatch.setattr(os, failing.split()[0], fail)
    with refused("x.json: cannot be written .No space left"):
        write_atomically(tmp_path / "x.json", "ours", new=True)
    assert not names(tmp_path)


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_is_never_there_unfinished(tmp_path, monkeypatch, links):
    """Wherever the process dies; also where a file cannot have two names."""

    def refuse(*_, **__):
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    file, number = tmp_path / "x", 1
    while dies_at(number, lambda: write_atomically(file, "whole", new=True)):
        assert not file.exists() or file.read_text() == "whole"
        remove_leftovers(file)
        assert names(tmp_path) in ([], ["x"])
        file.unlink(missing_ok=True)
        number += 1
    assert number > 3
    with pytest.raises(MfpsError, match="File exists"):
        write_atomically(file, "ours", new=True)
    assert file.read_text() == "whole"


def test_a_message_names_the_file_and_not_the_hidden_one(tmp_path):
    def fail():
        with atomic_file(tmp_path / "x.pth") as partial:
            raise MfpsError(f"{partial}: a web page")

    with pytest.raises(MfpsError, match=f"^{tmp_path}/x.pth: a web page$"):
        fail()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("not an image"), Killed()])
def test_a_block_that_ends_early_leaves_the_old_content(tmp_path, error):
    file = tmp_path / "x.png"
    write_atomically(file, "old")

    def write_half():
        with atomic_file(file) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert file.read_text() == "old"
    assert names(tmp_path) == ["x.png"]


def test_no_reader_sees_half_a_file(tmp_path):
    file = tmp_path / "x.png"
    with atomic_file(file) as partial:
        partial.write_text("half")
        assert not file.exists()
        assert is_partial(partial)
        partial.write_text("whole")
    assert file.read_text() == "whole"


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done = []
    replace = os.replace
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
    )
    monkeypatch.setattr(Path, "replace", lambda source, target: done.append("renamed") or replace(source, target))
    write_atomically(tmp_path / "x", "new")
    assert done == [str(tmp_path / f".x.{os.getpid()}.part"), "renamed", str(tmp_path)]


@pytest.mark.parametrize("place", ["missing/x", "file/x", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, refused, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    before = names(tmp_path)
    with refused(f"{place}: cannot be written"):
        write_atomically(str(tmp_path / place), "new")
    assert names(tmp_path) == before


@pytest.mark.parametrize("name", ["x.json", "a" * 255, "a[b"])
def test_only_what_ended_processes_left_of_a_file_is_removed(tmp_path, name):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = partial_of(tmp_path / name).name

    def left_by(process):
        return own.replace(str(os.getpid()), str(process))

    kept = [left_by(os.getppid()), f".other.{ended.pid}.part", f"{own}.txt", ".x.json.part", ".x.json.tmp"]
    for left in (own, left_by(ended.pid), *kept):
        (tmp_path / left).write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / left_by(ended.pid)).write_text("")
    remove_leftovers(tmp_path / name)
    assert names(tmp_path) == sorted([*kept, "folder", f"folder/{left_by(ended.pid)}"])


def test_a_link_among_what_is_left_is_removed_and_not_followed(tmp_path):
    (tmp_path / "theirs").write_text("theirs")
    partial_of(tmp_path / "x").symlink_to("theirs")
    remove_leftovers(tmp_path / "x")
    assert names(tmp_path) == ["theirs"]


def test_partial_files_are_removed_and_all_others_stay(tmp_path):
    below = tmp_path / "images"
    below.mkdir()
    left = [".x.json.77.part", ".x.png.77.tmp", ".x.json.tmp"]
    kept = [".hidden", "x.part", ".x.part", ".part", ".tmp", ".notes.tmp", ".thesis.tex.tmp"]
    for folder in (tmp_path, below):
        for name in (*left, *kept):
            (folder / name).write_text("")
    (tmp_path / ".folder.77.part").mkdir()
    remove_partials(tmp_path)
    assert names(below) == sorted([*left, *kept])
    assert {path.name for path in tmp_path.iterdir()} == {*kept, ".folder.77.part", "images"}
    remove_partials(tmp_path, recursive=True)
    assert names(below) == sorted(kept)


def test_partial_files_behind_a_link_stay(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / ".x.json.77.part").touch()
    (tmp_path / "set" / "link").symlink_to(tmp_path / "theirs")
    (tmp_path / "set" / ".y.json.77.part").symlink_to(tmp_path / "theirs" / ".x.json.77.part")
    remove_partials(tmp_path / "set", recursive=True)
    assert names(tmp_path) == ["set", "set/link", "theirs", "theirs/.x.json.77.part"]
