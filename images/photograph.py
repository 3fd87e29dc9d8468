"""Whole photographs as people keep them: read with all that must come back, and written as PNG, JPEG or WebP."""

from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
from PIL import ExifTags, Image, ImageFile

from ..errors import MfpsError
from ..files.atomic_file import atomic_file
from .colour import colour_and_alpha, from_srgb, to_srgb
from .fields import PictureFormat
from .image import MAX_PIXELS, PNG_LEVEL, damaged, upright
from .image_file import open_image, orientation

FORMATS: tuple[PictureFormat, ...] = get_args(PictureFormat)

SUFFIXES: dict[str, PictureFormat] = {
    ".png": "png",
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "jpg"),
    ".webp": "webp",
}
"""The formats that are written, by the suffix of a file."""

JPEG_QUALITY = 95

LONGEST_SIDE = {"png": 2**31 - 1, "jpg": 65_500, "webp": 16_383}
"""The longest side that a format can hold, in pixels."""

MAX_EXIF_BYTES = 65_000
"""More does not fit into a JPEG."""

_ORIENTATION = 0x0112
_FILE_FORMATS = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "WEBP": "webp"}
_PARTS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
# The tags of a TIFF that say something about the photograph, not about how its pixels are stored.
_TIFF_TAGS = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, *_PARTS)


class Photograph(NamedTuple):
    """A photograph, upright."""

    colour: np.ndarray
    """uint8 (H, W, 3), RGB as `profile` means it."""
    alpha: np.ndarray | None = None
    """uint8 (H, W); None where it is opaque."""
    profile: bytes | None = None
    """ICC profile; None for sRGB."""
    exif: bytes | None = None
    """EXIF data without the orientation, which is applied, and without a preview."""
    notes: tuple[str, ...] = ()
    """What of the file does not come back, for people."""
    unchanged_as: PictureFormat | None = None
    """The format of a file that can be copied as it is, as there is nothing to apply."""

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.colour.shape[1], self.colour.shape[0]

    def srgb(self) -> np.ndarray:
        """What people see, uint8 (H, W, 3): sRGB, transparency composited over white."""
        colour = to_srgb(self.colour, self.profile)
        if self.alpha is None:
            return colour
        white = Image.new("RGB", self.extent, "white")
        white.paste(Image.fromarray(colour), mask=Image.fromarray(self.alpha))
        return np.asarray(white)

    def own(self, srgb: np.ndarray) -> np.ndarray:
        """A picture in sRGB, uint8 (h, w, 3), in the photograph's colours."""
        return from_srgb(srgb, self.profile)


def read_photograph(path: Path, max_pixels: int = MAX_PIXELS) -> Photograph:
    """Read a photograph so that it can be written again.

    The EXIF orientation is applied. RGB keeps its values, and its profile stands beside it; grey, palettes and CMYK
    become RGB. More than 8 bits become 8. Of an animation the first picture is read.

    Args:
        path: a PNG, JPEG, WebP, BMP or TIFF file; its content decides which, not its name.
        max_pixels: a larger picture is refused before it is decoded.

    Raises:
        MfpsError: the file is missing, empty, truncated, too large or not an image.
    """
    with open_image(path, max_pixels) as image:
        try:
            notes, turn = _lost(image), orientation(image)
            whole = not notes and turn == 1
            exif = _exif(image)
            colour, alpha, profile = colour_and_alpha(upright(image), image.info.get("icc_profile"))
        except Exception as error:  # a damaged file can make Pillow's decoders raise almost anything
            raise damaged(path, error) from error
        return Photograph(
            np.array(colour),
            None if alpha is None else np.array(alpha),
            profile,
            exif,
            notes,
            _FILE_FORMATS.get(image.format or "") if whole else None,  # pyright: ignore[reportArgumentType]
        )


def write_photograph(path: Path, photograph: Photograph, kind: PictureFormat, new: bool = False) -> None:
    """Write a photograph; the file then exists completely or not at all.

    PNG and WebP are lossless. JPEG is written with quality 95 and colour at full resolution; it has no transparency,
    which is composited over white.

    Args:
        path: the file; its folder must exist.
        photograph: what to write.
        kind: the format.
        new: refuse to replace a file.

    Raises:
        MfpsError: it cannot be written, or the format cannot hold it.
    """
    check_extent(photograph.extent, kind)
    colour, alpha = photograph.colour, photograph.alpha
    image = Image.fromarray(colour)
    options: dict[str, Any] = {}
    if alpha is not None and kind == "jpg":
        white = Image.new("RGB", photograph.extent, "white")
        white.paste(image, mask=Image.fromarray(alpha))
        image = white
    elif alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    if kind == "png":
        options = {"compress_level": PNG_LEVEL}
    if kind == "jpg":
        options = {"quality": JPEG_QUALITY, "subsampling": 0}
    if kind == "webp":
        options = {"lossless": True, "exact": True}
    if photograph.profile:
        options["icc_profile"] = photograph.profile
    if photograph.exif:
        options["exif"] = photograph.exif
    with atomic_file(path, new) as partial:
        image.save(partial, format={"jpg": "JPEG"}.get(kind, kind.upper()), **options)


def check_extent(extent: tuple[int, int], kind: PictureFormat) -> None:
    """Raise an MfpsError unless a format can hold a picture.

    Args:
        extent: width and height in pixels.
        kind: the format.
    """
    if max(extent) > LONGEST_SIDE[kind]:
        raise MfpsError(
            f"{extent[0]} x {extent[1]} pixels do not fit into a {kind} file (at most {LONGEST_SIDE[kind]:,} a side); "
            "choose another `format`"
        )


def _lost(image: ImageFile.ImageFile) -> tuple[str, ...]:
    """What of an opened image does not come back; it is not decoded yet."""
    notes = []
    if image.mode == "F" or image.mode.startswith("I") or ";16" in str(image.tile):
        notes.append("more than 8 bits a colour became 8")
    if image.mode in ("CMYK", "LAB", "YCbCr"):
        notes.append(f"{image.mode} became RGB")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        notes.append(f"the first of its {getattr(image, 'n_frames', 1)} pictures")
    return tuple(notes)


def _exif(image: ImageFile.ImageFile) -> bytes | None:
    """EXIF data without the orientation; None where there is none, or it is broken or too long."""
    try:
        found, exif = image.getexif(), Image.Exif()  # Pillow keeps the former, and turns a TIFF by it
        tags = [tag for tag in found if tag != _ORIENTATION]
        for tag in [tag for tag in tags if tag in _TIFF_TAGS] if image.format == "TIFF" else tags:
            parts = dict(found.get_ifd(tag)) if tag in _PARTS else None
            exif[tag] = (
                found[tag] if parts is None else {key: parts[key] for key in parts if key != ExifTags.IFD.Interop}
            )
        data = exif.tobytes() if len(exif) else b""
    except Exception:  # broken EXIF data says nothing about the picture
        return None
    return data if data and len(data) <= MAX_EXIF_BYTES else None
