"""Files are opened only if they are regular, and read only up to a size. tests/hostile holds every reader to this."""

import pytest
from mfps.files import regular_file
from mfps.files.regular_file import is_file, is_folder, open_regular, read_bytes, read_text


def test_a_file_is_read(tmp_path):
    (tmp_path / "a").write_bytes("\ufeffgr\u00fc\u00df".encode())
    (tmp_path / "b").symlink_to("a")
    assert read_text(tmp_path / "b", "note", 99) == "gr\u00fc\u00df"
    assert read_bytes(tmp_path / "a", "note", 9).startswith(b"\xef\xbb\xbf")
    with open_regular(tmp_path / "a", "note") as opened:
        assert opened.seekable()


def test_a_larger_file_is_not_read(tmp_path, refused):
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert read_bytes(tmp_path / "a", "note", 10)
    with refused(r"a: 10 bytes is too large for a note \(at most 9\)"):
        read_bytes(tmp_path / "a", "note", 9)


@pytest.mark.parametrize(
    ("content", "place"), [(b"\xff", 0), (b"ab\xc3", 2), ("a".encode("utf-16"), 0), (b"ok \xed\xa0\x80", 3)]
)
def test_what_is_not_text_says_where(tmp_path, refused, content, place):
    (tmp_path / "a").write_bytes(content)
    with refused(rf"a: the note is not UTF-8 text \(byte {place}\); write it again"):
        read_text(tmp_path / "a", "note", 99, "write it again")


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path, refused, monkeypatch):
    import os

    (tmp_path / "a").touch()
    os.mkfifo(tmp_path / "pipe")
    opens = os.open
    monkeypatch.setattr(regular_file.os, "open", lambda path, flags: opens(tmp_path / "pipe", flags))
    with refused("a: a named pipe stands where the note should be"):
        open_regular(tmp_path / "a", "note")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\ud800", "/".join(["y" * 200] * 40)])
def test_names_that_no_file_can_have(refused, name):
    assert not is_file(name)
    assert not is_folder(name)
    with refused("there is no such note|no file can have such a name"):
        read_text(name, "note", 9)
