"""How a TIFF stores its pixels, from its tags alone: which files are not read, and what to do about them."""

from typing import Any, BinaryIO, NamedTuple

import PIL
from PIL import TiffImagePlugin

MAX_SAMPLES = 6
"""Samples a pixel. With more, Pillow's decoder logs an error on stderr."""

COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)
"""None, CCITT, LZW, JPEG, deflate, PackBits. Others may take any amount of memory (LZMA)."""

MAX_TILE = 4096 * 4096
"""Pixels; a tile is decoded whole, however small the picture is."""

_PLANES, _UNSIGNED, _SIGNED, _YCBCR, _UNCOMPRESSED = 2, 1, 2, 6, 1
_NAMES = {34925: "LZMA", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL", 34712: "JPEG 2000", 52546: "JPEG XL"}
_KINDS = {1: "unsigned", 2: "signed", 3: "floating-point"}
_BIG_TIFF = 43
_REMEDY = "save it as PNG, or as TIFF of 8 or 16 unsigned bits a sample"


class TiffLayout(NamedTuple):
    """The layout of a TIFF's first picture."""

    samples: int
    """Samples a pixel."""
    bits: tuple[int, ...]
    """Bits of each sample."""
    kinds: tuple[int, ...]
    """What each sample is: 1 an unsigned integer, 2 a signed one, 3 a floating-point number."""
    compression: int
    tile: int
    """Pixels of a tile; 0 where there are none."""
    planes: bool
    """Whether each colour is stored apart."""
    luminance: bool = False
    """Whether it stores luminance and two colour differences (YCbCr) in place of red, green and blue."""

    def refused(self) -> str:
        """Why Pillow would read it wrongly, log to stderr or take too much memory, and the remedy; or nothing."""
        if self.samples > MAX_SAMPLES:
            return f"a TIFF of {self.samples} samples a pixel is not read (at most {MAX_SAMPLES}); save it as RGB"
        if self.compression not in COMPRESSIONS:
            name = _NAMES.get(self.compression)
            return (
                f"a TIFF of compression {self.compression}{(name and f' ({name})') or ''} is not read; save it without "
                "compression, or with LZW or deflate, or as PNG"
            )
        if self.tile > MAX_TILE:
            return (
                f"a TIFF with tiles of {self.tile:,} pixels is not read (at most {MAX_TILE:,}); save it without tiles, "
                "or as PNG"
            )
        if self.planes and max(self.bits) > 8 and not self.unread():
            return "a TIFF of 16-bit colours in separate planes is not read; save it with one plane, or as PNG"
        if self.luminance and self.compression == _UNCOMPRESSED and int(PIL.__version__.partition(".")[0]) < 13:
            return f"an uncompressed TIFF of YCbCr is not read with Pillow {PIL.__version__}; save it as RGB, or as PNG"
        if _SIGNED in self.kinds and min(self.bits) <= 8:
            return f"a TIFF of {self} is not read; {_REMEDY}"
        return ""

    def unread(self) -> str:
        """Why Pillow finds no way to read it, and the remedy; nothing if its samples are not the reason."""
        if max(self.bits) <= 16 and set(self.kinds) == {_UNSIGNED}:
            return ""
        return f"a TIFF of {self} is not read; {_REMEDY}"

    def __str__(self) -> str:
        kinds = dict.fromkeys(_KINDS.get(kind, "other") for kind in self.kinds)
        return f"{self.samples} x {'/'.join(map(str, dict.fromkeys(self.bits)))}-bit {'/'.join(kinds)} samples a pixel"


def tiff_layout(file: BinaryIO) -> TiffLayout | None:
    """Read the layout of a TIFF; None if the file is not one, or its tags are damaged.

    Args:
        file: an open file; it is left at any place.
    """
    file.seek(0)
    head = file.read(8)
    if head[:2] not in (b"II", b"MM"):
        return None
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(head + file.read(8) if head[2] == _BIG_TIFF else head)
        file.seek(tags.next)
        tags.load(file)
        if 256 not in tags or 257 not in tags:
            return None
        tile = int(tags.get(322, 0)) * int(tags.get(323, 0))
        samples, compression = int(tags.get(277, 1)), int(tags.get(259, 1))
        planes = int(tags.get(284, 1)) == _PLANES and samples > 1
        luminance = int(tags.get(262, 0)) == _YCBCR
        bits, kinds = _whole(tags.get(258, 1)), _whole(tags.get(339, 1))
        return TiffLayout(samples, bits, kinds, compression, tile, planes, luminance)
    except Exception:  # a damaged directory can make Pillow raise almost anything
        return None


def _whole(value: Any) -> tuple[int, ...]:
    return tuple(map(int, value)) or (1,) if isinstance(value, tuple) else (int(value),)
