from mfps.files.atomic_folder import check_free


def test_an_empty_folder_is_free_and_a_file_is_not(tmp_path, refused):
    check_free(tmp_path)
    (tmp_path / "file").touch()
    with refused("is a file"):
        check_free(tmp_path / "file")
