"""What stands where a file should: pipes, devices, links, names that no file can have. For every reader."""

import os
import socket
from pathlib import Path

import pytest

from .readers import READERS

PLACES = {
    "missing": "no|there are no",
    "folder": "no|a folder",
    "pipe": "a named pipe stands where",
    "socket": "a socket stands where",
    "device": "a device stands where",
    "link to nowhere": "a link that leads nowhere|only a link|no such|there are no",
    "link in a circle": "a link that leads in a circle|no",
    "long name": "no",
    "long path": "no",
    "null byte": "no",
    "half a character": "no",
    "line break": "no",
    "other bytes": "no",
}
"""And what the message says, at least."""


def place(kind: str, folder: Path, name: str) -> Path:
    """Make what the kind is called, and give its path."""
    path = folder / name
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link to nowhere":
        path.symlink_to(folder / "nowhere")
    elif kind == "link in a circle":
        path.symlink_to(path)
    return {
        "long name": folder / ("x" * 300),
        "long path": folder / "/".join(["y" * 200] * 40),
        "null byte": folder / "a\0b",
        "half a character": folder / "a\ud800b",
        "line break": folder / "a\n\x1b[31mb",
        "other bytes": folder / os.fsdecode(b"a\xff\xfeb"),
    }.get(kind, path)


@pytest.fixture
def short_path(tmp_path, monkeypatch):
    """A folder that is near, as the name of a socket may have a hundred characters."""
    monkeypatch.chdir(tmp_path)
    return Path()


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_not_a_regular_file_is_refused(checked, short_path, reader, kind):
    # These are read from their folder, whatever the name of that.
    own = {"history": "history.jsonl", "front": "front.json", "evaluations": "evaluations.jsonl"}.get(reader)
    path = place(kind, short_path, own or "some.png")
    if own and path.name != own:
        path = path / own
    if reader == "evaluations" and not os.path.lexists(path):
        return  # a folder without any is one in which nothing has been measured
    message = checked(reader, path)
    assert any(part in message for part in PLACES[kind].split("|")), message
    if kind == "pipe":
        assert path.is_fifo()  # and nobody waited for it
