"""Reading and writing pictures: every common image mode becomes 8-bit RGB, in the same way everywhere."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from ..errors import MfpsError
from ..files.atomic_file import atomic_file
from .colour import over_white
from .image_file import MAX_PIXELS, PILLOW_MAX_PIXELS, open_image, orientation

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "PILLOW_MAX_PIXELS",
    "PNG_LEVEL",
    "SquareFit",
    "damaged",
    "fit_square",
    "image_size",
    "read_image",
    "upright",
    "write_image",
]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".tif", ".tiff")
"""File name endings (lower case) that count as photographs in a folder."""

PNG_LEVEL = 4
"""How hard a PNG is compressed: in half the time of Pillow's default, and 2 % larger, alone or side by side."""

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
            return np.array(over_white(upright(image), image.info.get("icc_profile")))
        except Exception as error:  # a damaged file can make Pillow's decoders raise almost anything
            raise damaged(path, error) from error


def upright(image: ImageFile.ImageFile) -> Image.Image:
    """The pixels of an opened image, decoded, with its EXIF orientation applied.

    Raises:
        Exception: almost any, where the file is damaged.
    """
    turn = orientation(image)
    image.load()
    # Pillow turns a TIFF itself when it loads one.
    return image if isinstance(image, TiffImagePlugin.TiffImageFile) or turn == 1 else image.transpose(_TURNS[turn])


def write_image(path: str | Path, array: np.ndarray) -> None:
    """Write a picture as PNG; the file then exists completely or not at all.

    Args:
        path: the file to write, PNG whatever its suffix; its folder must exist.
        array: uint8 (H, W, 3) RGB or (H, W) grey.

    Raises:
        MfpsError: it cannot be written.
    """
    with atomic_file(path) as partial:
        Image.fromarray(array).save(partial, format="PNG", compress_level=PNG_LEVEL)


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


def damaged(path: str | Path, error: Exception) -> MfpsError:
    """The error of an image that cannot be decoded.

    Args:
        path: the file.
        error: what its decoder raised.
    """
    reason = (str(error).splitlines() or [type(error).__name__])[0][:80]
    return MfpsError(f"{path}: the image is damaged ({reason}); replace the file")
