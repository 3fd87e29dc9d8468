"""Opening untrusted image files: only known formats, checked by their headers before a pixel is decoded."""

import io
import os
import re
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile

from ..errors import MfpsError
from ..files.regular_file import open_regular
from .tag_directory import claims_too_much
from .tiff_layout import tiff_layout

MAX_PIXELS = 100_000_000
"""Width times height of the largest picture that is read by default; reading takes about 11 bytes a pixel."""

PILLOW_MAX_PIXELS = 178_956_970
"""The most pixels that Pillow opens, and so the highest possible limit."""

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
"""The formats that are read. Pillow knows more, some of which it passes to other programs (EPS to Ghostscript)."""

MAX_SCANS = 64
"""Passes of a progressive JPEG; each costs as much as decoding the picture. Encoders make about ten, at most 25."""

SPARE_BYTES, BYTES_A_PIXEL = 32 * 2**20, 16
"""Bytes that a file may have besides its pixels (profiles, previews, a video), and for each pixel."""

# How files begin, in formats that are read and in others that are often given, as messages name them.
_BEGINNINGS = {
    b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"GIF8": "GIF",
    b"8BPS": "Photoshop", b"v/1\x01": "OpenEXR", b"#?RADIANCE": "Radiance HDR", b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x0a": "JPEG XL", b"%PDF": "PDF",
}  # fmt: skip
_BRANDS = {b"avif": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF"}
# End of a JPEG's picture, or start of a scan; in the data of a scan, a zero follows every 0xff.
_SCAN_OR_END = re.compile(rb"\xff([\xda\xd9])")


@contextmanager
def open_image(
    path: str | Path, max_pixels: int = MAX_PIXELS, formats: Sequence[str] = IMAGE_FORMATS, what: str = "image"
) -> Iterator[ImageFile.ImageFile]:
    """Open an image file without decoding it. Pillow's warnings are silenced: what they are about is checked here.

    Args:
        path: the file; its content decides its format, not its name.
        max_pixels: a larger picture is refused.
        formats: some of `IMAGE_FORMATS`.
        what: what the picture is, for messages.

    Raises:
        MfpsError: the file is missing, not a regular file, empty, of another format, or larger than its pixels
            can need; or it has too many pixels or scans.
    """
    path = Path(path)
    with open_regular(path, what) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise MfpsError(f"{path}: the file is empty; {_wanted(formats)}")
        start = file.read(30)
        if start[8:12] == b"WEBP":  # Pillow reads the whole file before it looks at the size
            _check_size(path, size, _webp_size(start), max_pixels)
        if start[:2] in (b"II", b"MM"):
            if claims_too_much(file):
                raise MfpsError(f"{path}: its tags claim more bytes than it has; it is damaged: replace it")
            if (tiff := tiff_layout(file)) and (problem := tiff.refused()):
                raise MfpsError(f"{path}: {problem}")
        file.seek(0)
        try:
            image = Image.open(file, formats=list(formats))
        except Image.DecompressionBombError:
            raise MfpsError(f"{path}: the {what} has too many pixels to be read safely; make it smaller") from None
        except Exception:  # a damaged file can make Pillow's parsers raise almost anything
            raise MfpsError(f"{path}: {_unread(file, formats)}") from None
        with image:
            _check_size(path, size, image.size, max_pixels)
            if image.format in ("JPEG", "MPO"):
                _check_scans(file, path)
            _keep_exif(image, _exif(image))
            yield image


def orientation(image: ImageFile.ImageFile) -> int:
    """The EXIF orientation of an opened image, 1 to 8; 1 if it is missing or broken.

    Nothing is decoded, whereas Pillow decodes a PNG before it looks for EXIF data.
    """
    try:
        if image.format == "PNG" and "exif" not in image.info:
            _keep_exif(image, _late_exif(image))
        found = int(Image.Image.getexif(image).get(0x0112, 1))
    except Exception:  # broken EXIF data says nothing about the picture
        return 1
    return found if 1 <= found <= 8 else 1


def _exif(image: ImageFile.ImageFile) -> bytes | None:
    """The EXIF data of an opened image that is no TIFF, as Pillow would find it."""
    profile = image.info.pop("Raw profile type exif", None)  # ImageMagick's way to keep it in a PNG
    found = image.info.get("exif")
    if found is None and profile is not None:
        with suppress(ValueError):
            return bytes.fromhex("".join(str(profile).split("\n")[3:]))
    return found


def _keep_exif(image: ImageFile.ImageFile, exif: bytes | None) -> None:
    """Let an image have some EXIF data, unless reading them would take more memory than they do."""
    image.info.pop("exif", None)
    if exif and not claims_too_much(io.BytesIO(re.sub(rb"^(Exif\0\0)*", b"", exif))):
        image.info["exif"] = exif


def _late_exif(image: ImageFile.ImageFile) -> bytes | None:
    """The EXIF data of a PNG in which it follows the pixels, as the format permits."""
    file, found = image.fp, None
    if file is None:
        return None
    place = file.tell()
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf" and length < 2**16:
            found = b"Exif\0\0" + file.read(length)
        if found or kind == b"IEND":
            break
        file.seek(length + 4, os.SEEK_CUR)
    file.seek(place)
    return found


def _wanted(formats: Sequence[str]) -> str:
    names = ["WebP" if name == "WEBP" else name for name in formats]
    return f"give a {', '.join(names[:-1])}{' or ' * (len(names) > 1)}{names[-1]} file"


def _check_size(path: Path, file_size: int, extent: tuple[int, int], max_pixels: int) -> None:
    width, height = extent
    if width * height > max_pixels:
        raise MfpsError(
            f"{path}: {width} x {height} pixels are more than the {max_pixels:,} that are read; make it smaller"
        )
    if file_size > SPARE_BYTES + BYTES_A_PIXEL * width * height:
        raise MfpsError(f"{path}: {file_size:,} bytes are too many for {width} x {height} pixels; save it again")


def _webp_size(start: bytes) -> tuple[int, int]:
    def number(place: int, count: int) -> int:
        return int.from_bytes(start[place : place + count], "little")

    if start[12:16] == b"VP8X":
        return number(24, 3) + 1, number(27, 3) + 1
    if start[12:16] == b"VP8L":
        return (number(21, 4) & 0x3FFF) + 1, (number(21, 4) >> 14 & 0x3FFF) + 1
    return number(26, 2) & 0x3FFF, number(28, 2) & 0x3FFF


def _check_scans(file: BinaryIO, path: Path) -> None:
    place = file.tell()
    scans, rest = 0, b""
    while block := file.read(2**20):
        for found in _SCAN_OR_END.finditer(rest + block):
            if found[1] == b"\xd9":
                break
            scans += 1
        else:
            rest = block[-1:]
            continue
        break
    file.seek(place)
    if scans > MAX_SCANS:
        raise MfpsError(f"{path}: a JPEG of more than {MAX_SCANS} scans takes too long to decode; save it again")


def _unread(file: BinaryIO, formats: Sequence[str]) -> str:
    """What a file is that Pillow doesn't open, as far as its beginning tells, and the remedy."""
    file.seek(0)
    start = file.read(16)
    named = next((name for magic, name in _BEGINNINGS.items() if start.startswith(magic)), "")
    if start[4:8] == b"ftyp":
        named = _BRANDS.get(start[8:12], "video")
    unread = "the file is not an image of a known format"
    if named not in formats:
        return f"{unread}{named and f' but {named}'}; {_wanted(formats)}"
    tiff = tiff_layout(file)
    return (tiff and tiff.unread()) or f"{unread}: it begins like {named}, and is damaged; replace it"
