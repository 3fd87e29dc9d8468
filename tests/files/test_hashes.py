import hashlib

from mfps.files.hashes import sha256_of


def test_a_file_is_known_by_its_content(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"content")
    assert sha256_of(file) == hashlib.sha256(b"content").hexdigest()
    with file.open("rb") as opened:
        assert sha256_of(opened) == sha256_of(file)
