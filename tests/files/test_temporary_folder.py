import signal

import pytest
from mfps.files.temporary_folder import temporary_folder


@pytest.mark.parametrize("error", [None, RuntimeError, SystemExit])
def test_it_is_gone_after_its_block(monkeypatch, tmp_path, error):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(error) if error else temporary_folder("other"), temporary_folder("law") as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith("mfps-law-")
        (folder / "inner").mkdir()
        (folder / "inner" / "file").touch()
        if error:
            raise error
    assert not list(tmp_path.iterdir())


def test_a_signal_that_arrives_while_it_is_made_leaves_nothing(monkeypatch, tmp_path):
    """It is raised as soon as the folder is known, and not lost."""

    def end(*_):
        raise SystemExit(1)

    def mkdtemp(*given):
        signal.raise_signal(signal.SIGTERM)
        (tmp_path / "made").mkdir()
        return str(tmp_path / "made")

    monkeypatch.setattr("tempfile.mkdtemp", mkdtemp)
    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(SystemExit), temporary_folder("law"):
            pytest.fail("the signal was lost")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not list(tmp_path.iterdir())
