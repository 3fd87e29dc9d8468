"""Reading and writing pictures: every common image mode becomes 8-bit RGB, in the same way everywhere."""

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

from ..errors import MfpsError
from ..files.atomic_file import atomic_file
from .image_file import MAX_PIXELS, PILLOW_MAX_PIXELS, open_image, orientation

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "PILLOW_MAX_PIXELS",
    "SquareFit",
    "fit_square",
    "image_size",
    "read_image",
    "write_image",
]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
"""File name endings (lower case) that count as photographs in a folder."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that makes a picture of each EXIF orientation upright."""

_PROFILE_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}


class SquareFit(NamedTuple):
    """How `fit_square` moved a picture: x' = (x + 0.5 - dx) * scale - 0.5, in pixel-centre coordinates."""

    scale: float
    """New pixels per old pixel; above 1 only if enlarging was allowed."""
    dx: int
    """Columns cut off on the left, in old pixels."""
    dy: int
    """Rows cut off at the top, in old pixels."""

    def move(self, points: np.ndarray) -> np.ndarray:
        """Move points (..., 2), x and y in old pixels, to the fitted picture."""
        return (points + 0.5 - np.array([self.dx, self.dy], np.float64)) * self.scale - 0.5


def image_size(path: str | Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height of a photograph as `read_image` would return it, read only from its header.

    Raises:
        MfpsError: the file is missing, is not an image, or has more than `max_pixels`.
    """
    with open_image(path, max_pixels) as image:
        # Some versions of Pillow turn a TIFF's size when it is opened; the tags are as stored.
        tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else None
        width, height = (int(tags[256]), int(tags[257])) if tags else image.size
        sideways = orientation(image) in (5, 6, 7, 8)
    return (height, width) if sideways else (width, height)


def read_image(path: str | Path, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read a photograph as 8-bit sRGB.

    The EXIF orientation is applied. An embedded colour profile is applied (a broken one is ignored). Transparency is
    composited over white. 16-bit and float grey are scaled to 8 bits, never clipped: integers by 65,535 (by the
    31-bit range if they exceed it), floats by the smallest of 1, 255 and 65,535 that is not below the brightest pixel.
    The first picture of an animation is read.

    Args:
        path: a PNG, JPEG, WebP, BMP or TIFF file; its content decides which, not its name.
        max_pixels: a larger picture is refused before it is decoded.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        MfpsError: the file is missing, empty, truncated, too large or not an image.
    """
    with open_image(path, max_pixels) as image:
        try:
            turn = orientation(image)
            image.load()
            # Pillow turns a TIFF itself when it loads one.
            upright = (
                image
                if isinstance(image, TiffImagePlugin.TiffImageFile) or turn == 1
                else image.transpose(_TURNS[turn])
            )
            return np.array(_to_rgb(upright, image.info.get("icc_profile")))
        except Exception as error:  # a damaged file can make Pillow's decoders raise almost anything
            raise MfpsError(f"{path}: the image is damaged ({_first_line(error)}); replace the file") from error


def write_image(path: str | Path, array: np.ndarray) -> None:
    """Write a picture as PNG; the file then exists completely or not at all.

    Args:
        path: the file to write, PNG whatever its suffix; its folder must exist.
        array: uint8 (H, W, 3) RGB or (H, W) grey.

    Raises:
        MfpsError: it cannot be written.
    """
    with atomic_file(path) as partial:
        Image.fromarray(array).save(partial, format="PNG")


def fit_square(image: np.ndarray, size: int, enlarge: bool = False) -> tuple[np.ndarray, SquareFit]:
    """Cut the central square out of a picture and shrink it (Lanczos, antialiased) to `size`.

    Args:
        image: uint8 (H, W, 3) or (H, W).
        size: side of the result in pixels.
        enlarge: also enlarge a smaller picture (bicubic), as is done with a degraded face before it is restored, but
            never with a clean face.

    Returns:
        The picture, uint8 (size, size, ...), and how it was moved.

    Raises:
        MfpsError: the picture is smaller than `size` and may not be enlarged; the caller adds its name.
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


def _to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
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
        return image if image.mode == "RGB" else image.convert("RGB")
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
    values = np.asarray(image)
    step = max(1, 2**20 // image.width)  # some rows at a time, as each pixel takes eight bytes here
    rows = [slice(top, top + step) for top in range(0, image.height, step)]
    brightest = max(float(_finite(values[part]).max()) for part in rows)
    ranges = (1.0, 255.0, 65535.0) if image.mode == "F" else (65535.0, 2.0**31 - 1)
    white = next((top for top in ranges if brightest <= top), brightest)
    grey = np.empty(values.shape, np.uint8)
    for part in rows:
        grey[part] = np.rint(np.clip(_finite(values[part]) / white, 0, 1) * 255)
    return Image.fromarray(grey)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:80]
