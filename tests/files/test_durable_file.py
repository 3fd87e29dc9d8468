import os

import pytest
from mfps.files.durable_file import write_durably


def test_content_is_replaced_whole(tmp_path):
    file = tmp_path / "x.json"
    for content, expected in (("old", b"old"), ("n\u00e9w", "n\u00e9w".encode()), (b"\x00", b"\x00")):
        write_durably(file, content)
        assert file.read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_what_fails_leaves_the_old_content_and_no_scraps(tmp_path, monkeypatch, failing):
    file = tmp_path / "x.json"
    write_durably(file, "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    monkeypatch.setattr("pathlib.Path.replace", os.replace)
    with pytest.raises(OSError, match="No space left") as raised:
        write_durably(file, "new")
    assert raised.value.filename == str(file)
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
