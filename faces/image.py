"""Photographs in, pictures out: every common image mode becomes 8-bit RGB, in one way for the whole product."""

import io
import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms, ImageOps, TiffImagePlugin

from ..errors import MfpsError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
"""File name endings (lower case) that count as photographs in a folder."""

_PROFILE_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}


class SquareFit(NamedTuple):
    """How `fit_square` moved a picture: x' = (x + 0.5 - dx) * scale - 0.5, in pixel-centre coordinates."""

    scale: float
    """New pixels per old pixel; above 1 only where enlarging was allowed."""
    dx: int
    """Columns cut off on the left, in old pixels."""
    dy: int
    """Rows cut off at the top, in old pixels."""

    def move(self, points: np.ndarray) -> np.ndarray:
        """Carry points (..., 2), x and y in old pixels, over to the fitted picture."""
        return (points + 0.5 - np.array([self.dx, self.dy], np.float64)) * self.scale - 0.5


def image_size(path: str | Path) -> tuple[int, int]:
    """Width and height of a photograph as `read_image` would give it, read from its header alone.

    Raises:
        MfpsError: the file is missing or is not an image.
    """
    with _opened(Path(path)) as image:
        # Some versions of Pillow have turned a TIFF's size already when it is opened; the tags are as stored.
        tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else None
        width, height = (int(tags[256]), int(tags[257])) if tags else image.size
        sideways = _orientation(image) in (5, 6, 7, 8)
    return (height, width) if sideways else (width, height)


def read_image(path: str | Path, max_pixels: int = 200_000_000) -> np.ndarray:
    """Read a photograph as 8-bit sRGB.

    The EXIF orientation is applied. An embedded colour profile is applied (a broken one is ignored). Transparency is
    composited over white. 16-bit and float grey are scaled to 8 bits, never clipped: integers by 65,535 (by the
    31-bit range if they exceed it), floats by the smallest of 1, 255 and 65,535 that holds the brightest pixel.

    Args:
        path: a PNG, JPEG, WebP, BMP or TIFF file.
        max_pixels: a larger picture is refused before it is decoded.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        MfpsError: the file is missing, empty, truncated, too large or not an image.
    """
    path = Path(path)
    with _opened(path) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise MfpsError(
                f"{path}: {width} x {height} pixels are more than the {max_pixels:,} that are read; make it smaller"
            )
        try:
            image.load()
            return np.array(_to_rgb(_upright(image)))
        except Exception as error:  # a damaged file can make Pillow's decoders raise almost anything
            raise MfpsError(f"{path}: the image is damaged ({_first_line(error)}); replace the file") from error


def write_image(path: str | Path, array: np.ndarray) -> None:
    """Write a picture as PNG in one step: the file is there whole or not at all.

    Args:
        path: where to; its folder must exist. PNG whatever the suffix.
        array: uint8 (H, W, 3) RGB or (H, W) grey.

    Raises:
        MfpsError: the folder cannot be written to.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            Image.fromarray(array).save(partial, format="PNG")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise MfpsError(f"{path}: cannot be written ({error.strerror or error}); choose another folder") from error


def fit_square(image: np.ndarray, size: int, enlarge: bool = False) -> tuple[np.ndarray, SquareFit]:
    """Cut the central square out of a picture and shrink it (Lanczos, antialiased) to `size`.

    Args:
        image: uint8 (H, W, 3) or (H, W).
        size: side of the result in pixels.
        enlarge: also enlarge what is smaller (bicubic), as a degraded face is before it is restored. A clean face never
            is.

    Returns:
        The picture, uint8 (size, size, ...), and where its pixels came from.

    Raises:
        MfpsError: the picture is smaller than `size` and may not be enlarged. The caller knows its name.
    """
    height, width = image.shape[:2]
    side = min(height, width)
    if side < size and not enlarge:
        raise MfpsError(f"the picture is {width} x {height}; at least {size} x {size} pixels are needed")
    dx, dy = (width - side) // 2, (height - side) // 2
    square = image[dy : dy + side, dx : dx + side]
    if side != size:
        filter_ = Image.Resampling.LANCZOS if side > size else Image.Resampling.BICUBIC
        square = np.array(Image.fromarray(square).resize((size, size), filter_))
    return np.ascontiguousarray(square), SquareFit(size / side, dx, dy)


def _opened(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large or odd files; both are judged here
            return Image.open(path)
    except FileNotFoundError as error:
        raise MfpsError(f"{path}: there is no such image; check the path") from error
    except IsADirectoryError as error:
        raise MfpsError(f"{path}: a folder stands where an image should; give the path of a file") from error
    except PermissionError as error:
        raise MfpsError(f"{path}: the image may not be read; check its permissions") from error
    except Image.DecompressionBombError as error:
        raise MfpsError(f"{path}: the image has too many pixels to be read safely; make it smaller") from error
    except Exception as error:
        empty = path.stat().st_size == 0
        what = "the file is empty" if empty else "not an image of a known format"
        raise MfpsError(f"{path}: {what}; give a PNG, JPEG, WebP, BMP or TIFF file") from error


def _orientation(image: Image.Image) -> int:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return int(image.getexif().get(0x0112, 1))
    except Exception:  # broken EXIF data says nothing about the picture
        return 1


def _upright(image: Image.Image) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode == "F" or image.mode.startswith("I"):
        image = _grey_to_8_bit(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        colour = _through_profile(image.convert("RGB"), profile)
        white = Image.new("RGB", image.size, "white")
        white.paste(colour, mask=alpha)
        return white
    if image.mode in ("P", "RGBX"):
        image = image.convert("RGB")
    return _through_profile(image, profile)


def _through_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile:
        return image.convert("RGB")
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        facts: Any = source.profile
        space = facts.xcolor_space.strip()
        if "srgb" in (facts.profile_description or "").lower() or _PROFILE_MODES.get(space) != image.mode:
            return image.convert("RGB")
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        return converted if converted is not None else image.convert("RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return image.convert("RGB")


def _grey_to_8_bit(image: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    brightest = float(values.max(initial=0.0))
    ranges = (1.0, 255.0, 65535.0) if image.mode == "F" else (65535.0, 2.0**31 - 1)
    white = next((top for top in ranges if brightest <= top), brightest)
    return Image.fromarray(np.rint(np.clip(values / white, 0, 1) * 255).astype(np.uint8))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:80]
