import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.images.image import fit_square, image_size, read_image, write_image
from mfps.images.image_file import open_image
from mfps.images.image_file import orientation as orientation_of
from PIL import Image, ImageCms

from ..hostile.bad_images import png, raw_profile, tiff


@pytest.fixture
def picture() -> np.ndarray:
    ramp = np.linspace(0, 255, 48).astype(np.uint8)
    return np.stack([np.tile(ramp, (32, 1)), np.tile(ramp[::-1], (32, 1)), np.full((32, 48), 90, np.uint8)], 2)


def test_what_is_written_is_read(tmp_path, picture):
    write_image(tmp_path / "face.png", picture)
    assert np.array_equal(read_image(tmp_path / "face.png"), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["face.png"]
    assert image_size(tmp_path / "face.png") == (48, 32)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_every_format_is_read(tmp_path, picture, suffix):
    Image.fromarray(picture).save(tmp_path / f"face{suffix}", quality=95)
    assert np.abs(read_image(tmp_path / f"face{suffix}").astype(int) - picture).mean() < 6


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_keeps_its_grey(tmp_path, mode):
    grey = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (16, 1))
    if mode == "1":
        grey = np.where(grey > 127, 255, 0).astype(np.uint8)
    if mode in ("I;16", "I"):
        image = Image.fromarray((grey.astype(np.int32) * 257).astype(np.uint16 if mode == "I;16" else np.int32))
    elif mode == "F":
        image = Image.fromarray(grey.astype(np.float32) / 255)
    else:
        image = Image.fromarray(grey)
        image = image.convert(mode) if mode in ("L", "LA", "P", "PA", "1") else image.convert("RGB").convert(mode)
    path = tmp_path / "face.tif"
    image.save(path)
    read = read_image(path).astype(int)
    assert read.shape == (16, 64, 3)
    assert np.abs(read - grey[..., None]).max() <= 1


def test_16_bit_png_is_scaled_not_clipped(tmp_path):
    Image.fromarray(np.full((8, 8), 32896, np.uint16)).save(tmp_path / "deep.png")
    assert (read_image(tmp_path / "deep.png") == 128).all()


def test_transparency_is_composited_over_white(tmp_path):
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[:, 4:, 3] = 255
    Image.fromarray(clear).save(tmp_path / "clear.png")
    palette = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) % 2)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    palette.save(tmp_path / "palette.png", transparency=0)
    read = read_image(tmp_path / "clear.png")
    assert (read[:, :4] == 255).all()
    assert (read[:, 4:] == 0).all()
    assert read_image(tmp_path / "palette.png")[0, :2].tolist() == [[255, 255, 255], [10, 20, 30]]


@pytest.mark.parametrize("count", [1, 40])
def test_exif_data_of_imagemagick_are_read_unless_they_claim_too_much(tmp_path, count):
    tags = ((0x0112, 3, 1, 6), *((40000 + number, 7, 500, -1) for number in range(count)))
    (tmp_path / "a.png").write_bytes(png(8, 8, raw_profile(tiff(*tags, data=bytes(600)))))
    with open_image(tmp_path / "a.png") as image:
        assert orientation_of(image) == (6 if count == 1 else 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, picture, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(tmp_path / "turned.png", exif=exif)
    read = read_image(tmp_path / "turned.png")
    turns = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: picture.transpose(1, 0, 2)[:, ::-1],
        7: picture.transpose(1, 0, 2)[::-1, ::-1],
        8: picture.transpose(1, 0, 2)[::-1],
    }
    assert np.array_equal(read, turns[orientation])
    assert image_size(tmp_path / "turned.png") == (read.shape[1], read.shape[0])


def test_sideways_tiff_says_its_upright_size(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "turned.tif", tiffinfo={0x0112: 6})
    read = read_image(tmp_path / "turned.tif")
    assert image_size(tmp_path / "turned.tif") == (read.shape[1], read.shape[0]) == (32, 48)


def test_a_profile_is_applied_and_a_broken_one_ignored(tmp_path, picture):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(picture).save(tmp_path / "srgb.png", icc_profile=lab)
    Image.fromarray(picture).save(tmp_path / "broken.png", icc_profile=b"no profile at all")
    assert np.array_equal(read_image(tmp_path / "srgb.png"), picture)
    assert np.array_equal(read_image(tmp_path / "broken.png"), picture)


def test_a_foreign_profile_changes_the_colours(tmp_path, picture):
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # The same profile with red and blue primaries exchanged, under another name: colours must follow.
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    foreign = bytes(profile).replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    Image.fromarray(picture).save(tmp_path / "foreign.png", icc_profile=foreign)
    read = read_image(tmp_path / "foreign.png").astype(int)
    assert np.abs(read[..., ::-1] - picture).mean() < 3


def test_sizes_are_checked_before_decoding(tmp_path, picture):
    write_image(tmp_path / "face.png", picture)
    with pytest.raises(MfpsError, match=r"face.png: 48 x 32 pixels are more than the 1,000"):
        read_image(tmp_path / "face.png", max_pixels=1000)


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(MfpsError, match="no such image"):
        read_image(tmp_path / "none.png")
    with pytest.raises(MfpsError, match="a folder stands"):
        read_image(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp"])
@settings(max_examples=25)
@given(data=st.data())
def test_damaged_files_give_one_line(tmp_path_factory, suffix, data):
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(noise).save(stream, format={"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()))
    content = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / f"face.{suffix}"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        message = f"{path} {read_image(path, max_pixels=10_000).shape}"
    except MfpsError as error:
        message = str(error)
    assert str(path) in message
    assert "\n" not in message


def test_truncated_and_empty_files_are_refused(tmp_path, picture):
    write_image(tmp_path / "face.png", picture)
    whole = (tmp_path / "face.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("not a picture")
    for name, rule in (("half.png", "damaged"), ("empty.png", "empty"), ("text.png", "not an image")):
        with pytest.raises(MfpsError, match=rule):
            read_image(tmp_path / name)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 40), (41, 99)])
def test_fit_square_moves_points_with_pixels(height, width):
    y, x = np.mgrid[:height, :width]
    image = np.stack([x, y, x * 0], 2).astype(np.uint8)
    fitted, fit = fit_square(image, 16)
    middle = np.array([[width / 2, height / 2]])
    at = np.rint(fit.move(middle)).astype(int)[0]
    assert fitted.shape == (16, 16, 3)
    assert np.abs(fitted[at[1], at[0], :2] - middle).max() <= 1 / fit.scale


def test_nothing_is_enlarged():
    with pytest.raises(MfpsError, match="the picture is 20 x 10; at least 16 x 16"):
        fit_square(np.zeros((10, 20, 3), np.uint8), 16)
