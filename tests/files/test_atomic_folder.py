import pytest
from mfps.files.atomic_folder import atomic_folder, check_free


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
