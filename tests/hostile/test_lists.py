"""Untrusted data folders, lists and landmark files: nothing leads out of the folder or in a circle."""

import re
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.data.dataset import FaceFolder
from mfps.drawn.faces import write_drawn_faces
from mfps.images.image import write_image
from mfps.images.lists import find_images, image_folder, read_list
from mfps.priors.landmarks.formats import read_given_landmarks
from mfps.priors.provenance import read_provenance

from .bad_texts import READ, bad_landmarks, bad_lists, bad_tables
from .conftest import held_to_the_law

PICTURE = np.zeros((8, 8, 3), np.uint8)


@pytest.fixture
def data(tmp_path):
    """A data folder with one photograph, and a secret beside it."""
    (tmp_path / "data" / "sub").mkdir(parents=True)
    for path in (tmp_path / "data" / "a.png", tmp_path / "data" / "sub" / "b.png", tmp_path / "secret" / "s.png"):
        path.parent.mkdir(exist_ok=True)
        write_image(path, PICTURE)
    return tmp_path / "data"


@pytest.mark.parametrize("name", bad_lists())
def test_a_bad_list_is_refused(checked, data, name):
    content, outcome = bad_lists()[name]
    (data / "list.txt").write_bytes(content)
    message = checked("list", data / "list.txt")
    assert bool(message) == (outcome != READ)
    assert re.search(outcome, message)


@pytest.mark.parametrize("name", bad_landmarks())
def test_a_bad_landmark_file_is_refused(checked, tmp_path, name):
    text, outcome = bad_landmarks()[name]
    (tmp_path / "landmarks.json").write_text(text)
    message = checked("landmarks.json", tmp_path / "landmarks.json")
    assert re.search(outcome, message)
    checked("landmarks", tmp_path / "landmarks.json")
    checked("dictionary.json", tmp_path / "landmarks.json")


@pytest.mark.parametrize("name", bad_tables())
def test_landmarks_of_others_are_read_or_refused(checked, tmp_path, name):
    content, outcome = bad_tables()[name]
    (tmp_path / name).write_bytes(content)
    message = checked("landmarks", tmp_path / name)
    assert bool(message) == (outcome != READ)
    assert re.search(outcome, message)


LINKS = {
    "a photograph": ("c.png", "../secret/s.png"),
    "a photograph, absolutely": ("c.png", "/dev/zero"),
    "a photograph in a folder": ("sub/c.png", "../../secret/s.png"),
    "a folder": ("more", "../secret"),
    "the root": ("more", "/"),
    "a folder that holds this one": ("more", ".."),
    "a link to a link": ("more", ".next"),
}


@pytest.mark.parametrize("name", LINKS)
def test_a_link_out_of_the_folder_is_refused(refused, data, name):
    path, target = LINKS[name]
    (data / ".next").symlink_to("../secret")  # hidden, and so skipped
    (data / path).symlink_to(target)
    with refused(r"a link that leads out of .*; put a copy there"):
        find_images(data)
    (data / "list.txt").write_text(f"a.png\n{path}/s.png\n")
    with refused("a link that leads out of|1 of 2 photographs are missing"):
        read_list("list.txt", data)


def test_a_list_in_the_folder_may_not_be_a_link_out_of_it(refused, data):
    (data.parent / "secret" / "words.txt").write_text("secret words\n")
    (data / "list.txt").symlink_to("../secret/words.txt")
    with refused("list.txt: a link that leads out of"):
        read_list("list.txt", data)
    with refused("secret words"):  # named by the user, whatever it is
        read_list(data.parent / "secret" / "words.txt", data)


def test_images_and_priors_may_not_be_links_out_of_the_folder(refused, data):
    (data / "images").symlink_to("../secret")
    with refused("images: a link that leads out of"):
        image_folder(data)
    (data / "images").unlink()
    (data / "priors").symlink_to("../secret")
    (data.parent / "secret" / "provenance.json").write_text("{}")
    with refused("priors: a link that leads out of|provenance.json: a link that leads out of"):
        read_provenance(data)


@pytest.mark.parametrize("link", ["landmarks.json", "parsing", "parsing/0000.png"])
def test_no_prior_is_read_through_a_link_out_of_its_folder(refused, tmp_path, link):
    write_drawn_faces(tmp_path / "data", 2, 16, seed=0)
    shutil.copytree(tmp_path / "data" / "priors", tmp_path / "theirs")
    path = tmp_path / "data" / "priors" / link
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(tmp_path / "theirs" / link)
    with refused("a link that leads out of"):
        FaceFolder(tmp_path / "data", 16, priors=("parsing", "heatmap"))


def test_links_within_the_folder_are_followed_once(data):
    (data / "again.png").symlink_to("sub/b.png")
    (data / "up").symlink_to("sub")  # its photographs are found where they are
    (data / "sub" / "round").symlink_to("..")
    (data / ".raw").mkdir()
    write_image(data / ".raw" / "c.png", PICTURE)
    (data / "raw").symlink_to(".raw")
    linked = data.parent / "linked"
    linked.symlink_to(data)
    for folder in (data, linked):
        assert find_images(folder) == ("a.png", "again.png", "raw/c.png", "sub/b.png")


def test_links_that_branch_do_not_multiply(data):
    for level in range(40):
        (data / f"d{level}").mkdir()
        for name in "xyz":
            (data / f"d{level}" / name).symlink_to(f"../d{(level + 1) % 40}")
    assert find_images(data) == ("a.png", "sub/b.png")


def test_a_folder_of_landmarks_is_a_border_too(refused, tmp_path):
    (tmp_path / "marks").mkdir()
    (tmp_path / "secret.txt").write_text("root:x:0:0")
    (tmp_path / "marks" / "a.pts").symlink_to(tmp_path / "secret.txt")
    with refused("a.pts: a link that leads out of"):
        read_given_landmarks(tmp_path / "marks")


@pytest.mark.parametrize("name", ["a\nb.png", "a\x1b[31m.png", "\u2028.png", b"\xff.png"])
def test_names_that_no_text_can_hold_are_refused(refused, data, name):
    path = data / (name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
    write_image(path, PICTURE)
    with refused("has characters that a text file cannot hold; rename"):
        find_images(data)


def test_odd_names_are_found(data):
    for name in ("-rf.png", "\u4e2d\U0001f600\u202f.PNG", "#a.png", "a" * 251 + ".png"):
        write_image(data / name, PICTURE)
    assert len(find_images(data)) == 6
    assert len(FaceFolder(data, 8).names) == 6


QUICK = settings(max_examples=60)


@QUICK
@given(lines=st.lists(st.text(max_size=12) | st.sampled_from(["a.png", "sub/b.png", "..", "/", "\\", "sub/../a.png"])))
def test_whatever_a_list_names_is_in_the_folder(tmp_path, lines):
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    for name in ("a.png", "sub/b.png", "../secret.png"):
        (folder / name).touch()
    (folder / "list.txt").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    if not held_to_the_law("list", folder / "list.txt"):
        assert set(read_list("list.txt", folder)) <= {"a.png", "sub/b.png"}


@QUICK
@given(data=st.data())
def test_any_change_to_landmarks_is_read_or_refused(tmp_path, data):
    name, content = data.draw(st.sampled_from([
        ("a.xml", b"<dataset><image file='a'><box left='0' top='0' width='9' height='9'><part name='0' x='1' "
                  b"y='2'/></box></image></dataset>"),
        ("a.csv", b"image,x0,y0\na.png,1.5,2\nb.png,,\n"),
        ("a.pts", b"version: 1\nn_points: 2\n{\n1 2\n3 4\n}\n"),
        ("landmarks.json", b'{"scheme": "points-1", "faces": {"a.png": {"size": [9, 9], "points": [[1, 2.5]]}}}'),
        ("a.ljson", b'{"version": 2, "labels": [], "landmarks": {"points": [[1, 2], [null, null]]}}'),
    ]))  # fmt: skip
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(changed)))
        changed[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=5))
    (tmp_path / name).write_bytes(changed)
    held_to_the_law("landmarks", tmp_path / name)
    held_to_the_law("landmarks.json", tmp_path / name)
