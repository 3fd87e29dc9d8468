import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.images.lists import find_images, find_photographs, image_folder, read_list


@pytest.fixture
def data(tmp_path):
    for name in ("a.png", "sub/b.JPG", "sub/c.txt", ".hidden.png", ".thumbs/d.png", "priors/e.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_images_are_found_below_the_folder_but_not_among_priors(data):
    assert find_images(data) == ("a.png", "sub/b.JPG")
    (data / "images").mkdir()
    assert image_folder(data) == data / "images"
    with pytest.raises(MfpsError, match="empty"):
        find_images(data / "images")


def test_a_list_keeps_its_order(data):
    (data / "some.txt").write_text("\ufeff# two\n\nsub/b.JPG\n  a.png  \n", encoding="utf-8")
    assert read_list("some.txt", data) == read_list(data / "some.txt", data) == ("sub/b.JPG", "a.png")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a.png\na.png\n", "line 2: a.png is on line 1 already"),
        ("a.png\nx.png\ny.png\n", r"2 of 3 photographs are missing from .*, first x.png \(line 2\)"),
        ("../a.png\n", "leads out"),
        ("/etc/passwd\n", "leads out"),
        ("..\\a.png\n", "leads out"),
        ("C:\\a.png\n", "leads out"),
        ("# nothing\n", "names no photograph"),
    ],
)
def test_bad_lists(data, text, rule):
    (data / "bad.txt").write_text(text)
    with pytest.raises(MfpsError, match=rule):
        read_list("bad.txt", data)


def test_a_missing_list(data):
    with pytest.raises(MfpsError, match="no such list"):
        read_list("none.txt", data)


@given(content=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path_factory, content):
    root = tmp_path_factory.mktemp("data")
    (root / "list.txt").write_bytes(content)
    with pytest.raises(MfpsError) as raised:
        read_list("list.txt", root)
    assert str(root) in str(raised.value)


def test_photographs_are_one_or_those_of_a_folder(data, refused):
    assert find_photographs(data) == (data, ("a.png", "sub/b.JPG"))
    assert find_photographs(data / "sub" / "b.JPG") == (data / "sub", ("b.JPG",))
    with refused("nofile.png: neither a photograph nor a folder of photographs"):
        find_photographs(data / "nofile.png")
