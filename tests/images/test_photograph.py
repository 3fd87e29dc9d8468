import io

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.images.image import read_image
from mfps.images.photograph import FORMATS, Photograph, check_extent, read_photograph, write_photograph
from PIL import Image, ImageCms

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 20, 3), np.uint8)
ALPHA = RNG.integers(0, 256, (12, 20), np.uint8)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def adobe():
    """A profile whose RGB is not sRGB: linear light, with sRGB's primaries."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made.replace(b"s\0R\0G\0B", b"a\0b\0c\0d").replace(b"sRGB", b"abcd")


def with_exif(turn):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = turn, "a maker"
    exif[0x8769] = {0x9003: "2001:02:03 04:05:06"}
    return exif


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.parametrize("alpha", [None, ALPHA], ids=["opaque", "alpha"])
def test_what_is_written_without_loss_comes_back_to_the_byte(tmp_path, kind, alpha):
    written = Photograph(COLOUR, alpha, SRGB, with_exif(1).tobytes())
    write_photograph(tmp_path / f"a.{kind}", written, kind)
    back = read_photograph(tmp_path / f"a.{kind}")
    assert np.array_equal(back.colour, COLOUR)
    assert back.alpha is None if alpha is None else np.array_equal(back.alpha, alpha)
    assert (back.profile, back.unchanged_as, back.notes) == (SRGB, kind, ())
    with Image.open(tmp_path / f"a.{kind}") as opened:
        assert opened.getexif()[0x010F] == "a maker"


def test_a_jpeg_has_no_transparency_and_nearly_its_colours(tmp_path):
    smooth = np.tile(np.linspace(0, 255, 64).astype(np.uint8)[:, None, None], (1, 64, 3))
    half = np.full((64, 64), 0, np.uint8)
    half[:, 32:] = 255
    write_photograph(tmp_path / "a.jpg", Photograph(smooth, half, SRGB), "jpg")
    back = read_photograph(tmp_path / "a.jpg")
    assert (back.alpha, back.profile, back.unchanged_as) == (None, SRGB, "jpg")
    assert np.abs(back.colour[:, 40:].astype(int) - smooth[:, 40:]).max() <= 3
    assert back.colour[:, :24].min() > 250


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tif"])
def test_the_orientation_is_applied_and_the_rest_of_exif_stays(tmp_path, kind, turn):
    Image.fromarray(COLOUR).save(tmp_path / f"in.{kind}", exif=with_exif(turn).tobytes(), quality=95)
    read = read_photograph(tmp_path / f"in.{kind}")
    assert np.array_equal(read.colour, read_image(tmp_path / f"in.{kind}"))
    assert (read.unchanged_as is None) == (turn != 1 or kind == "tif")
    for out in FORMATS:
        write_photograph(tmp_path / f"out.{out}", read, out)
        with Image.open(tmp_path / f"out.{out}") as opened:
            assert opened.size == read.extent
            exif = opened.getexif()
            assert (exif.get(0x0112, 1), exif[0x010F]) == (1, "a maker")
            assert exif.get_ifd(0x8769)[0x9003] == "2001:02:03 04:05:06"
            assert 0x0111 not in exif  # a TIFF's own offsets


@pytest.mark.parametrize(
    ("mode", "suffix", "note"),
    [
        *((mode, "png", "") for mode in ("RGB", "L", "P", "1", "RGBA", "LA")),
        ("CMYK", "jpg", "CMYK became RGB"), ("I;16", "png", "more than 8 bits"),
    ],
)  # fmt: skip
def test_every_mode_looks_as_it_is_read_elsewhere(tmp_path, mode, suffix, note):
    image = Image.fromarray(np.dstack([COLOUR, ALPHA]) if mode in ("RGBA", "LA") else COLOUR)
    image = Image.fromarray(COLOUR[..., 0].astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    file = tmp_path / f"a.{suffix}"
    image.save(file)
    read = read_photograph(file)
    assert np.array_equal(read.srgb(), read_image(file))
    assert (read.alpha is not None) == (mode in ("RGBA", "LA"))
    assert "".join(read.notes).startswith(note)
    assert (read.unchanged_as is None) == bool(note)


def test_transparent_palettes_keep_their_transparency(tmp_path):
    palette = Image.fromarray(COLOUR[..., 0] % 2, "P")
    palette.putpalette([9, 9, 9, 200, 100, 50])
    palette.save(tmp_path / "a.png", transparency=0)
    read = read_photograph(tmp_path / "a.png")
    assert np.array_equal(read.alpha, np.where(COLOUR[..., 0] % 2, 255, 0))
    assert {tuple(colour) for colour in read.colour[read.alpha == 255]} == {(200, 100, 50)}


def test_of_an_animation_the_first_picture_is_read_and_said(tmp_path):
    frames = [Image.fromarray(COLOUR), Image.fromarray(255 - COLOUR)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    read = read_photograph(tmp_path / "a.png")
    assert np.array_equal(read.colour, COLOUR)
    assert (read.notes, read.unchanged_as) == (("the first of its 2 pictures",), None)


def test_a_profile_stands_beside_colours_that_are_left_as_they_are(tmp_path):
    profile = adobe()
    Image.fromarray(COLOUR).save(tmp_path / "a.png", icc_profile=profile)
    read = read_photograph(tmp_path / "a.png")
    assert np.array_equal(read.colour, COLOUR)
    assert read.profile == profile
    assert np.array_equal(read.srgb(), read_image(tmp_path / "a.png"))
    assert np.abs(read.own(read.srgb()).astype(int) - COLOUR).max() <= 2
    broken = Photograph(COLOUR, None, b"no profile")
    assert np.array_equal(broken.own(broken.srgb()), COLOUR)


def test_what_a_format_cannot_hold_is_refused(tmp_path, refused):
    wide = Photograph(np.zeros((1, 20_000, 3), np.uint8))
    with refused("20000 x 1 pixels do not fit into a webp file .at most 16,383 a side.; choose another `format`"):
        write_photograph(tmp_path / "a.webp", wide, "webp")
    check_extent(wide.extent, "jpg")
    assert not list(tmp_path.iterdir())


def test_broken_files_are_refused_and_broken_exif_is_left_out(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(COLOUR).save(stream, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    (tmp_path / "a.jpg").write_bytes(stream.getvalue())
    assert read_photograph(tmp_path / "a.jpg").extent == (20, 12)
    (tmp_path / "b.jpg").write_text("a text")
    with pytest.raises(MfpsError, match="not an image of a known format"):
        read_photograph(tmp_path / "b.jpg")
    (tmp_path / "c.png").write_bytes((tmp_path / "a.jpg").read_bytes()[:200])
    with pytest.raises(MfpsError, match=r"c.png: the (image is damaged|file is not)"):
        read_photograph(tmp_path / "c.png")
