import io
import os

import pytest
from mfps.files.appended_line import append_line


def test_lines_are_added_and_on_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / "a").read_text()))
    append_line(tmp_path / "a", "ü")
    append_line(tmp_path / "a", "b")
    assert synced == ["ü\n", "ü\nb\n"]


@pytest.mark.parametrize("written", [0, 3])
def test_nothing_is_left_of_a_line_that_could_not_be_written_whole(tmp_path, monkeypatch, refused, written):
    """The disk is full after some bytes, whatever is closed then."""
    append_line(tmp_path / "a", "first")

    class Full(io.FileIO):
        def write(self, content):
            if self.tell() >= 6 + written and written < len(content):
                raise OSError(28, "No space left on device")
            return super().write(content[:written]) if written else self._fail()

        def _fail(self):
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.open", lambda path, *_, **__: Full(path, "a"))
        with refused("a: cannot be written .No space left on device.; .*the same command to continue"):
            append_line(tmp_path / "a", "second")
    assert (tmp_path / "a").read_text() == "first\n"
    append_line(tmp_path / "a", "third")
    assert (tmp_path / "a").read_text() == "first\nthird\n"


def test_a_line_that_is_not_on_the_disk_is_taken_back(tmp_path, monkeypatch, refused):
    def fail(_):
        raise OSError(5, "Input/output error")

    append_line(tmp_path / "a", "first")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with refused("cannot be written .Input/output error"):
            append_line(tmp_path / "a", "second")
    assert (tmp_path / "a").read_text() == "first\n"
