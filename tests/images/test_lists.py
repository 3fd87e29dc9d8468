import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError, holds_controls
from mfps.images.lists import find_images, find_photographs, image_folder, list_text, read_list

from ..hostile.bad_names import TEXTS
from ..processes import run_process


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


def test_an_absolute_path_among_the_photographs_names_one(data, tmp_path_factory, refused):
    linked = tmp_path_factory.mktemp("links") / "linked"
    linked.symlink_to(data)
    for folder in (data, linked):
        for root in (data, linked):
            (folder / "some.txt").write_text(f"{root}/a.png\n{root}/sub/../sub/b.JPG\n".replace("sub/../", ""))
            if root == data or folder == linked:
                assert read_list(folder / "some.txt", folder) == ("a.png", "sub/b.JPG")
    (data / "some.txt").write_text(f"{data}/a.png\na.png\n")
    with refused("line 2: a.png is on line 1 already"):
        read_list("some.txt", data)
    (data / "images").mkdir()
    for name, rule in (
        (f"{data}/a.png", "leads out of the data folder, and is not in .*/images; give a path relative to .*/images"),
        (f"{data}x/a.png", "leads out"),
        (f"{data}/images/../../a.png", r"leads out of the data folder|goes up with `\.\.`"),
    ):
        (data / "some.txt").write_text(name)
        with refused(rule):
            read_list("some.txt", data)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.PNG", "a.png is there: only capital letters differ"),
        ("a", "a.png is there: only the suffix differs"),
        ("images/a.png", "a.png is there: only the folder differs"),
        ("jose\u0301.png", "jos\u00e9.png is there: it looks the same, but its Unicode characters are composed"),
    ],
)
def test_a_name_that_was_nearly_right_is_corrected(data, refused, name, hint):
    (data / "jos\u00e9.png").touch()
    (data / "bad.txt").write_text(f"sub/b.JPG\n{name}\n", encoding="utf-8")
    with refused(f"{hint}.*; write names as they are there"):
        read_list("bad.txt", data)


@pytest.mark.parametrize("name", ["12:30.png", "a\\b.png", "sub/\\b.png", "http:a.png", "..a.png", "~.png"])
def test_odd_names_are_not_taken_for_paths(data, name):
    (data / name).touch()
    (data / "some.txt").write_text(name)
    assert read_list("some.txt", data) == (name,)


@settings(max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_list_that_is_written_is_read_back(tmp_path_factory, texts):
    data = tmp_path_factory.mktemp("data")
    for text in texts:
        name = f"{text.replace('/', '').replace(chr(0), '')[:60]}.png"
        if not holds_controls(name) and not name.startswith("."):
            (data / name).touch()
    if any(data.iterdir()):
        names = find_images(data)
        (data / "all.txt").write_text(list_text(names), encoding="utf-8")
        assert read_list("all.txt", data) == names


def test_a_name_in_another_encoding_is_told_from_a_locale_without_utf8(data):
    """In a locale without UTF-8 a name that is UTF-8 cannot be written; the message says that it is the locale."""
    (data / "jos\u00e9.png").touch()
    program = f"from mfps.images.lists import find_images; find_images({str(data)!r})"
    ended = run_process(sys.executable, "-c", program, folder=data, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (
        "is UTF-8, but this process reads file names as ascii; set the environment variable PYTHONUTF8=1" in ended.err
    )
