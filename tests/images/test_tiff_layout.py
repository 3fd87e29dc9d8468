"""A TIFF of any layout is read as it was written, or refused with what its layout is and how to save it instead."""

import numpy as np
import PIL
import pytest
from mfps.images.image import read_image
from PIL import Image, features

tifffile = pytest.importorskip("tifffile", reason="scikit-image brings it")

RGB = np.linspace(0, 1, 24 * 24 * 3).reshape(24, 24, 3)
GREY = RGB[..., 0]
UNSIGNED = "save it as PNG, or as TIFF of 8 or 16 unsigned bits a sample"

COLOUR = {"photometric": "rgb"}
PLANES = {**COLOUR, "planarconfig": "separate"}

READ = {
    "8-bit grey": ((GREY * 255).astype(np.uint8), {}),
    "16-bit grey": ((GREY * 65535).astype(np.uint16), {}),
    "float grey": (GREY.astype(np.float32), {}),
    "8-bit colour": ((RGB * 255).astype(np.uint8), COLOUR),
    "16-bit colour": ((RGB * 65535).astype(np.uint16), COLOUR),
    "16-bit colour, big-endian": ((RGB * 65535).astype(">u2"), {**COLOUR, "byteorder": ">"}),
    "8-bit planes": (np.moveaxis((RGB * 255).astype(np.uint8), 2, 0), PLANES),
    "BigTIFF": ((RGB * 255).astype(np.uint8), {**COLOUR, "bigtiff": True}),
    "white is 0": (255 - (GREY * 255).astype(np.uint8), {"photometric": "miniswhite"}),
    "more pages": ((np.stack([RGB, 1 - RGB]) * 255).astype(np.uint8), COLOUR),
}
"""Each holds the same picture."""

REFUSED = {
    "float colour": (RGB.astype(np.float32), COLOUR, f"a TIFF of 3 x 32-bit floating-point .* is not read; {UNSIGNED}"),
    "half colour": (RGB.astype(np.float16), COLOUR, f"3 x 16-bit floating-point .*; {UNSIGNED}"),
    "double grey": (GREY, {}, f"1 x 64-bit floating-point .*; {UNSIGNED}"),
    "float planes": (np.moveaxis(RGB, 2, 0).astype(np.float32), PLANES, f"3 x 32-bit floating-point .*; {UNSIGNED}"),
    "32-bit colour": ((RGB * 2**31).astype(np.uint32), COLOUR, f"3 x 32-bit unsigned .*; {UNSIGNED}"),
    "signed grey": ((GREY * 100).astype(np.int8), {}, f"1 x 8-bit signed .*; {UNSIGNED}"),
    "complex": (GREY.astype(np.complex64), {}, f"1 x 64-bit other .*; {UNSIGNED}"),
    "16-bit planes": (np.moveaxis((RGB * 65535).astype(np.uint16), 2, 0), PLANES, "16-bit .*; save it with one plane"),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_the_picture(tmp_path, name):
    pixels, how = READ[name]
    tifffile.imwrite(tmp_path / "a.tif", pixels, **how)
    expected = np.broadcast_to(GREY[..., None], RGB.shape) if pixels.ndim == 2 else RGB
    assert np.abs(read_image(tmp_path / "a.tif") - expected * 255).max() <= 1


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_how_to_save_it(tmp_path, refused, name):
    pixels, how, message = REFUSED[name]
    tifffile.imwrite(tmp_path / "a.tif", pixels, **how)
    with refused(message):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_luminance_and_colour_differences(tmp_path, refused, compression):
    """Pillow 12 takes an uncompressed one for a damaged file."""
    path = tmp_path / "a.tif"
    grey = np.broadcast_to(GREY[..., None], RGB.shape)
    for picture, apart in ((RGB, 2), (grey, 1)):
        pixels = (picture * 255).astype(np.uint8)
        stored = Image.fromarray(pixels).convert("YCbCr")
        stored.save(path, compression=compression)
        if compression is None and int(PIL.__version__.partition(".")[0]) < 13:
            with refused("an uncompressed TIFF of YCbCr is not read with Pillow 12.*; save it as RGB, or as PNG"):
                read_image(path)
        else:
            expected = pixels if picture is grey else np.asarray(stored.convert("RGB"))
            assert np.abs(read_image(path) - expected.astype(float)).max() <= apart


FORMATS = {"GIF": "gif", "JPEG 2000": "jp2", "AVIF": "avif"}


@pytest.mark.parametrize("name", FORMATS)
def test_another_format_is_named(tmp_path, refused, name):
    if name == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    Image.fromarray((RGB * 255).astype(np.uint8)).save(tmp_path / f"a.{FORMATS[name]}")
    (tmp_path / f"a.{FORMATS[name]}").rename(tmp_path / "a.jpg")
    with refused(f"a.jpg: the file is not an image of a known format but {name}; give a PNG, JPEG, WebP, BMP or TIFF"):
        read_image(tmp_path / "a.jpg")


def test_a_damaged_file_is_not_told_to_be_another_format(tmp_path, refused):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    with refused("it begins like PNG, and is damaged; replace it"):
        read_image(tmp_path / "a.png")
