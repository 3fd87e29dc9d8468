"""Folders are filled completely or not at all, and what others wrote stays, whenever the process ends."""

import json
import os
import re
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from mfps.errors import MfpsError
from mfps.files.atomic_file import partial_of
from mfps.files.atomic_folder import atomic_files, atomic_folder, check_free, clear_leftovers, made_folder
from mfps.files.moves import MOVES

from ..processes import dies_at

FILES = ("a.txt", "deep/b.txt", "deep/er/c.txt", "z.txt")
PLACES = ("missing", "empty", "beside others")
"""What is there before."""


def fill(folder):
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def tree(folder):
    return {str(path.relative_to(folder)): path.read_text() if path.is_file() else None for path in folder.rglob("*")}


WHOLE = {**{name: name for name in FILES}, "deep": None, "deep/er": None}


def test_an_empty_folder_is_free_and_a_file_is_not(tmp_path, refused):
    check_free(tmp_path)
    (tmp_path / "file").touch()
    with refused("is a file"):
        check_free(tmp_path / "file")


@pytest.mark.parametrize("there", [False, True])
def test_it_is_there_whole_when_the_block_ends(tmp_path, there):
    folder = tmp_path / "new" / "a"
    if there:
        folder.mkdir(parents=True)
    with atomic_folder(folder) as hidden:
        (hidden / "file").write_text("text")
        assert not (folder / "file").exists()
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert [path.name for path in folder.parent.iterdir()] == ["a"]


def fail(folder, error, meanwhile=lambda: None):
    """Write half a folder."""
    with atomic_folder(folder) as hidden:
        (hidden / "file").touch()
        meanwhile()
        raise error


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_where_the_block_fails_nothing_is_left_of_it(tmp_path, error):
    with pytest.raises(error):
        fail(tmp_path / "new" / "deep" / "a", error)
    assert not list(tmp_path.iterdir())


def test_what_others_wrote_in_parents_that_it_made_stays(tmp_path):
    """Another command finished in the meantime."""

    def another_command():
        (tmp_path / "new" / "b").mkdir()
        (tmp_path / "new" / "b" / "theirs").write_text("theirs")

    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "new" / "deep" / "a", KeyboardInterrupt, another_command)
    assert (tmp_path / "new" / "b" / "theirs").read_text() == "theirs"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["b"]


def others(folder, there):
    """What others have in the folder that is written to, or beside it if it must be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("theirs.txt", "deep/theirs.txt") if there == "beside others" else ():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("theirs")
    if there == "missing":
        folder.rmdir()


def writer(there):
    return atomic_files if there == "beside others" else atomic_folder


def write(folder, there):
    with writer(there)(folder) as hidden:
        fill(hidden)


@pytest.mark.parametrize("there", PLACES)
def test_wherever_the_process_dies_all_is_there_or_the_next_one_finds_nothing(tmp_path, there):
    number, seen = 1, set()
    while True:
        folder = tmp_path / str(number) / "out"
        others(folder, there)
        before = tree(folder)
        died = dies_at(number, partial(write, folder, there))
        clear_leftovers(folder)
        written = {name: content for name, content in tree(folder).items() if name not in before}
        assert not list(folder.parent.rglob(".*"))
        assert {**tree(folder), **before} == tree(folder)
        assert written in ({}, {name: WHOLE[name] for name in WHOLE if name not in before})
        if not written:
            write(folder, there)
            assert {**before, **WHOLE} == tree(folder)
        seen.add(bool(written))
        if not died:
            break
        number += 1
    assert seen == {True, False}


@pytest.mark.parametrize("there", PLACES)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "Ctrl-C"])
@pytest.mark.parametrize("call", ["link", "replace", "fsync"])
def test_wherever_it_fails_nothing_is_left(tmp_path, monkeypatch, there, error, call):
    real = getattr(os, call)
    for number in range(1, 100):
        folder = tmp_path / str(number) / "out"
        others(folder, there)
        before, calls = tree(folder.parent), iter(range(1, 200))

        def failing(*arguments, calls=calls, number=number):
            if next(calls) == number:
                raise error
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing)
            try:
                write(folder, there)
                break
            except (MfpsError, KeyboardInterrupt):
                pass
        assert tree(folder.parent) == before
    assert number > 1 or (there, call) == ("missing", "link")


@pytest.mark.parametrize("there", PLACES)
def test_its_names_are_on_the_disk(tmp_path, monkeypatch, there):
    folder, synced = tmp_path / "new" / "out", []
    others(folder, there)
    sync = os.fsync

    def note(descriptor):
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    with writer(there)(folder) as hidden:
        (hidden / "deep").mkdir()
        (hidden / "deep" / "x").touch()
        synced.clear()
    expected = {folder.parent} if there == "missing" else {folder, folder / "deep"}
    assert expected <= set(synced)


def test_the_names_of_parents_that_are_made_are_on_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))
    with made_folder(tmp_path / "new" / "deep"):
        assert set(synced) == {tmp_path, tmp_path / "new"}


def test_a_file_that_another_process_makes_meanwhile_stays(tmp_path, refused):
    with refused("out/b: already exists, and nothing is overwritten"), atomic_files(tmp_path / "out") as hidden:
        for name in "abc":
            (hidden / name).write_text("ours")
        (tmp_path / "out" / "b").write_text("theirs")
    assert tree(tmp_path / "out") == {"b": "theirs"}


def test_errors_name_what_the_user_named(tmp_path, refused):
    with refused(f"^{tmp_path}/out/x.png: is damaged$"), atomic_folder(tmp_path / "out") as hidden:
        raise MfpsError(f"{hidden}/x.png: is damaged")
    with refused(f"^{tmp_path}/out: cannot be written .No such file"), atomic_folder(tmp_path / "out") as hidden:
        (hidden / "missing" / "x").touch()
    with pytest.raises(FileNotFoundError), atomic_folder(tmp_path / "out"):
        (tmp_path / "photograph").read_bytes()


def test_what_a_killed_process_left_is_taken_back_and_what_others_put_there_stays(tmp_path):
    folder = tmp_path / "out"
    hidden = partial_of(folder / "out")
    hidden.mkdir(parents=True)
    for name in ("a", "b", "c", "sub/d"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("ours")
    numbers = {name: (folder / name).stat().st_ino for name in ("a", "b", "c", "sub/d")}
    (hidden / MOVES).write_text(json.dumps({"files": {**numbers, "e": 1}, "folders": ["sub"]}))
    (folder / "sub" / "theirs").write_text("theirs")
    (folder / "theirs").write_text("theirs")
    (folder / "theirs").replace(folder / "b")  # in the place of ours
    clear_leftovers(folder)
    assert tree(folder) == {"b": "theirs", "sub": None, "sub/theirs": "theirs"}


RECORDS = (
    "[]",
    "{}",
    "no JSON",
    '{"files": ["a"], "folders": []}',
    '{"files": {"a": 1}, "folders": [1]}',
    '{"files": {"../theirs": N, "gone": 1}, "folders": []}',
    '{"files": {"link/theirs": N, "gone": 1}, "folders": []}',
)


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_that_is_not_ours_removes_nothing(tmp_path, record):
    (tmp_path / "theirs").touch()
    hidden = partial_of(tmp_path / "out" / "out")
    hidden.mkdir(parents=True)
    (tmp_path / "out" / "link").symlink_to(tmp_path)
    (hidden / MOVES).write_text(record.replace("N", str((tmp_path / "theirs").stat().st_ino)))
    clear_leftovers(tmp_path / "out")
    assert tree(tmp_path) == {"theirs": "", "out": None, "out/link": None}


def test_a_link_in_the_place_of_what_is_left_is_not_followed(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "file").touch()
    partial_of(tmp_path / "out").symlink_to("theirs")
    clear_leftovers(tmp_path / "out")
    assert (tmp_path / "theirs" / "file").exists()


OURS = re.compile(r"a\.txt|(deep|new)/.*\.txt")
BEFORE = {"a.txt": "old a", "deep/b.txt": "old b", "deep/gone.txt": "old", "theirs.txt": "theirs"}
AFTER = {"a.txt": "a.txt", "deep/b.txt": "deep/b.txt", "new/c.txt": "new/c.txt", "theirs.txt": "theirs"}
"""What stands in a folder before and after some of its files are replaced, one is removed and one is added."""


def texts(folder):
    return {name: text for name, text in tree(folder).items() if text is not None}


def begun(folder):
    for name, text in BEFORE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def replace(folder):
    with atomic_files(folder, "set", OURS) as hidden:
        for name in ("a.txt", "deep/b.txt", "new/c.txt"):
            (hidden / name).parent.mkdir(exist_ok=True)
            (hidden / name).write_text(name)


def clear_as_another_process(folder):
    """What this process left is cleared by the next one, which has another number."""
    for hidden in folder.glob(".*.part"):
        hidden.rename(hidden.with_name(".set.999999999.part"))
    clear_leftovers(folder, "set")


def test_wherever_the_process_dies_files_are_replaced_together_or_come_back(tmp_path):
    number, seen, died = 1, set(), True
    while died:
        folder = tmp_path / str(number)
        begun(folder)
        died = dies_at(number, partial(replace, folder))
        clear_leftovers(folder, "set")
        assert texts(folder) in (BEFORE, AFTER), number
        assert not list(folder.rglob(".*"))
        seen.add("new/c.txt" in texts(folder))
        replace(folder)
        assert texts(folder) == AFTER
        number += 1
    assert seen == {True, False}


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()], ids=["disk", "Ctrl-C"])
@pytest.mark.parametrize("call", ["link", "replace", "unlink", "fsync"])
def test_wherever_it_fails_the_files_that_were_to_be_replaced_come_back(tmp_path, monkeypatch, error, call):
    real = getattr(os, call)
    for number in range(1, 100):
        folder, count = tmp_path / str(number), iter(range(1, 300))
        begun(folder)

        def failing(*arguments, count=count, number=number, **named):
            if next(count) == number:
                raise error
            return real(*arguments, **named)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing)
            with suppress(MfpsError, KeyboardInterrupt):
                replace(folder)
        clear_as_another_process(folder)
        assert texts(folder) in (BEFORE, AFTER), number
        if next(count) <= number:
            break
        replace(folder)
        assert texts(folder) == AFTER
    assert number > 1


def test_a_disk_that_stays_broken_loses_no_file(tmp_path, monkeypatch):
    """What could not be brought back at once is brought back by the next command."""
    begun(tmp_path / "out")
    real, moved = os.replace, []

    def failing(source, target):
        if target == str(tmp_path / "out" / "deep" / "b.txt") or moved:
            moved.append(source)
            raise OSError(5, "Input/output error")
        return real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", failing)
        patch.setattr(Path, "replace", lambda source, target: failing(str(source), str(target)))
        with pytest.raises(MfpsError, match="cannot be written"):
            replace(tmp_path / "out")
    clear_as_another_process(tmp_path / "out")
    assert texts(tmp_path / "out") == BEFORE


def test_what_is_not_to_be_replaced_is_not_replaced(tmp_path, refused):
    begun(tmp_path)
    with refused("theirs.txt: already exists"), atomic_files(tmp_path, "set", OURS) as hidden:
        (hidden / "theirs.txt").write_text("ours")
    assert texts(tmp_path) == BEFORE
