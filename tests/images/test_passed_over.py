from mfps.images.lists import find_photographs
from mfps.images.passed_over import passed_over


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def said(source):
    return passed_over(source, *find_photographs(source))


def test_what_is_read_is_not_passed_over(tmp_path):
    make(
        tmp_path, "a.png", "b.JFIF", "deep/c.jpe", ".hidden.txt", ".git/config", "priors/parsing/a.png", "priors/x.json"
    )
    assert said(tmp_path) == ""
    assert said(tmp_path / "a.png") == ""


def test_other_suffixes_are_counted(tmp_path):
    make(tmp_path, "a.png", "b.gif", "deep/c.GIF", "note.txt", "README")
    assert said(tmp_path).startswith("4 files of other suffixes (.gif 2, ")
    assert ".txt 1" in said(tmp_path)
    assert "none 1" in said(tmp_path)
    make(tmp_path, "a.a", "a.b", "a.c")
    assert said(tmp_path).endswith(", ...)")


def test_photographs_beside_images_are_counted(tmp_path):
    make(tmp_path, "images/a.png", "images/deep/b.png", "c.png", "more/d.jpg", "train.txt")
    assert said(tmp_path) == "1 file of other suffixes (.txt 1), 2 photographs beside images/"
