"""Untrusted photographs and label maps."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.images.image import image_size, read_image, write_image
from mfps.priors.parsing.label_maps import read_label_map, write_label_map
from PIL import Image

from .bad_images import READ, bad_images, bombs, picture, saved
from .conftest import held_to_the_law

NAMES = [bad.name for bad in bad_images()]


@pytest.fixture(scope="module")
def corpus():
    return {bad.name: bad for bad in bad_images()}


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_image_is_read_or_refused_in_one_line(checked, tmp_path, corpus, name):
    bad = corpus[name]
    path = tmp_path / name
    path.write_bytes(bad.content)
    message = checked("image", path)
    assert bool(message) == (bad.outcome != READ), message
    assert re.search(bad.outcome, message)
    checked("label map", path)


def test_names_do_not_clash():
    assert len(set(NAMES)) == len(NAMES)


def test_what_is_refused_takes_no_memory(refused_cheaply, tmp_path, corpus):
    files = [bad for bad in corpus.values() if bad.outcome != READ]
    for bad in files:
        (tmp_path / bad.name).write_bytes(bad.content)
    for name in ("sparse.png", "sparse.webp", "sparse.jpg"):
        content = saved(picture(), {"png": "PNG", "webp": "WEBP", "jpg": "JPEG"}[name[7:]])
        (tmp_path / name).write_bytes(content)
        with (tmp_path / name).open("r+b") as file:
            file.truncate(3 * 2**30)
    paths = sorted(tmp_path.iterdir())
    refused_cheaply([("image", path) for path in paths])


def test_what_unpacks_to_much_takes_no_memory(checked, tmp_path, bounded_read):
    for bad in bombs():
        (tmp_path / bad.name).write_bytes(bad.content)
    bounded_read(
        [(reader, path) for path in sorted(tmp_path.iterdir()) for reader in ("image", "photograph", "label map")]
    )


def test_the_first_picture_of_an_animation_is_read(tmp_path, corpus):
    expected = np.array(picture())
    for name in ("animated.png", "pages.tif"):
        (tmp_path / name).write_bytes(corpus[name].content)
        assert np.array_equal(read_image(tmp_path / name), expected)


def test_exif_after_the_pixels_is_applied(tmp_path, corpus):
    path = tmp_path / "a.png"
    path.write_bytes(corpus["exif after the pixels.png"].content)
    assert np.array_equal(read_image(path), np.rot90(np.array(picture()), -1))


def test_nothing_is_decoded_before_the_size_is_checked(tmp_path, monkeypatch):
    saved_size, path = (40, 20), tmp_path / "a.png"
    Image.new("RGB", saved_size).save(path)

    def load(self):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", load)
    assert image_size(path) == saved_size
    for read in (image_size, read_image):
        with pytest.raises(ValueError, match="40 x 20 pixels are more than the 799"):
            read(path, max_pixels=799)


@pytest.mark.parametrize("name", ["\u00fc\u4e2d\U0001f600 \u202f.png", "-rf.png", "%s{0}[red].png", "a" * 251 + ".png",
                                  "\u4e2d" * 83 + ".png"])  # fmt: skip
def test_odd_names_are_read_and_written(checked, tmp_path, name):
    path = tmp_path / name
    write_image(path, np.array(picture()))
    assert not checked("image", path)
    labels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    write_label_map(path, labels)
    assert np.array_equal(read_label_map(path), labels)
    assert list(tmp_path.iterdir()) == [path]


SIGNATURES = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0+", b"BM", b"RIFF\0\0\0\0WEBPVP8X"]

WHOLE = {
    "png": saved(picture(), "PNG"),
    "jpg": saved(picture(), "JPEG", progressive=True, icc_profile=b"none"),
    "webp": saved(picture(), "WEBP"),
    "bmp": saved(picture("P"), "BMP"),
    "tif": saved(picture("CMYK"), "TIFF", compression="tiff_lzw"),
    "map.png": saved(picture("P"), "PNG"),
}


@pytest.mark.parametrize("suffix", WHOLE)
@settings(max_examples=50)
@given(data=st.data())
def test_any_change_to_an_image_is_read_or_refused(tmp_path, suffix, data):
    content = bytearray(WHOLE[suffix])
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(content) - 1) | st.integers(0, min(99, len(content) - 1)))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
    held_to_the_law("image", path, lambda path: read_image(path, max_pixels=10_000))
    held_to_the_law("label map", path)


@settings(max_examples=80)
@given(start=st.sampled_from(SIGNATURES), rest=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path, start, rest):
    (tmp_path / "a.png").write_bytes(start + rest)
    held_to_the_law("image", tmp_path / "a.png")
