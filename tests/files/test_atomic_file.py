"""A file exists completely or not at all, whatever happens, and no other file is left beside it."""

import os
from pathlib import Path

import pytest
from mfps.files.atomic_file import atomic_file, is_partial, remove_partials, write_atomically


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


def test_a_new_file_that_cannot_get_its_name_leaves_none(tmp_path, monkeypatch, refused):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with refused("No space left"):
        write_atomically(tmp_path / "x.json", "ours", new=True)
    assert not names(tmp_path)


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


def test_partial_files_are_removed_and_all_others_stay(tmp_path):
    below = tmp_path / "images"
    below.mkdir()
    left = [".x.json.77.part", ".x.png.77.tmp", ".x.json.tmp"]
    kept = [".hidden", "x.part", ".x.part", ".part", ".tmp"]
    for folder in (tmp_path, below):
        for name in (*left, *kept):
            (folder / name).write_text("")
    (tmp_path / ".folder.77.part").mkdir()
    remove_partials(tmp_path)
    assert names(below) == sorted([*left, *kept])
    assert {path.name for path in tmp_path.iterdir()} == {*kept, ".folder.77.part", "images"}
    remove_partials(tmp_path, recursive=True)
    assert names(below) == sorted(kept)
