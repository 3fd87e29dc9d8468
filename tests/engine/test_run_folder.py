import pytest
from mfps.engine.configuration import resolve
from mfps.engine.run_folder import check_free, environment, open_run, replace_text
from mfps.errors import MfpsError
from mfps.nas.config import SearchConfig


@pytest.fixture
def config(tmp_path):
    return resolve(SearchConfig, "search", "tiny", None, {"data": "faces", "out": tmp_path / "run"})


def test_a_run_says_how_it_was_made(tmp_path, config):
    folder = open_run(tmp_path / "a" / "run", config)
    assert resolve(SearchConfig, "search", "small", folder / "config.yaml", {}) == config
    assert '"torch"' in (folder / "environment.json").read_text()
    assert environment()["mfps"]


def test_a_run_overwrites_nothing(tmp_path, config):
    folder = open_run(tmp_path / "run", config)
    before = {file: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(MfpsError, match="another run"):
        open_run(folder, config)
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_an_empty_folder_is_free_and_a_file_is_not(tmp_path):
    check_free(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(MfpsError, match="is a file"):
        check_free(tmp_path / "file")


def test_text_is_replaced_whole(tmp_path):
    file = tmp_path / "x.json"
    for text in ("old", "new"):
        replace_text(file, text)
        assert file.read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
