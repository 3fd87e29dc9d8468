"""Untrusted image files: odd ones that are read, and broken ones that are refused."""

# ruff: noqa: E501 - one case per line

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

SIDE = 24
READ = ""


class BadImage(NamedTuple):
    """A file."""

    name: str
    content: bytes
    outcome: str
    """What the message says, as a regular expression; `READ` where it is read."""


def picture(mode: str = "RGB") -> Image.Image:
    ramp = np.linspace(0, 255, SIDE * SIDE).astype(np.uint8).reshape(SIDE, SIDE)
    return Image.fromarray(np.stack([ramp, ramp.T, ramp[::-1]], 2)).convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *before: bytes, data: bytes | None = None, colour: int = 2, bits: int = 8) -> bytes:
    """A PNG file with any header, and any chunks before its pixels."""
    if data is None:
        channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
        data = zlib.compress((b"\0" + b"\x80" * (width * channels * bits // 8)) * height)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tiff(*tags: tuple[int, int, int, int], data: bytes = b"", following: int = 0) -> bytes:
    """A TIFF file with any tags (number, type, count, value); an offset of -1 is that of `data`."""
    start = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHLL", *tag[:3], start if tag[3] == -1 else tag[3]) for tag in sorted(tags))
    return struct.pack("<2sHLH", b"II", 42, 8, len(tags)) + entries + struct.pack("<L", following) + data


GREY_TAGS = (
    (256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (278, 4, 1, 8), (279, 4, 1, 64),
    (259, 3, 1, 1), (277, 3, 1, 1),
)  # fmt: skip
"""Of a picture of 8 x 8 pixels, whose values are some of the file's first bytes."""


def grey_tiff(*more: tuple[int, int, int, int], compression: int = 1, samples: int = 1, **rest: object) -> bytes:
    replaced = {tag[0] for tag in more}
    usual = ((256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, -1), (278, 4, 1, 8),
             (279, 4, 1, 64), (259, 3, 1, compression), (277, 3, 1, samples))  # fmt: skip
    rest.setdefault("data", bytes(range(64)))
    return tiff(*(tag for tag in usual if tag[0] not in replaced), *more, **rest)  # pyright: ignore[reportArgumentType]


def tiles_of(side: int) -> bytes:
    """A picture of 8 x 8 pixels that stands in one tile, which unpacks to `side` x `side`."""
    data = zlib.compress(bytes(side) * side, 1)
    tags = (256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)
    return tiff(*tags, (322, 4, 1, side), (323, 4, 1, side), (324, 4, 1, -1), (325, 4, 1, len(data)), data=data)


def overlapping_tags(count: int, size: int) -> bytes:
    """Tags that all take the same bytes: read one after the other, they are far more than the file."""
    tags = [(40000 + number, 1, size, -1) for number in range(count)]
    return grey_tiff(*tags, data=bytes(size))


def directories_on_tags(count: int, size: int, *usual: tuple[int, int, int, int], second: bool = False) -> bytes:
    """Tags that all take the same bytes, in the EXIF directory beside a pointer to nowhere, or in that of a second picture."""
    pointers = () if second else ((34665, 4, 1, -1), (34853, 4, 1, 2**31))
    place = 8 + 2 + 12 * (len(usual) + len(pointers)) + 4
    values = place + 2 + 12 * count + 4
    tags = b"".join(struct.pack("<HHLL", 40000 + number, 7, size, values) for number in range(count))
    data = struct.pack("<H", count) + tags + bytes(4) + bytes(size)
    return tiff(*usual, *pointers, data=data, following=place if second else 0)


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def exif(*tags: tuple[int, int, int, int], data: bytes = b"") -> bytes:
    return b"Exif\0\0" + tiff(*tags, data=data)


def raw_profile(data: bytes) -> bytes:
    """EXIF data as ImageMagick writes them into a PNG: as digits, in a chunk of text."""
    return chunk(b"tEXt", b"Raw profile type exif\0\nexif\n%8d\n" % len(data) + data.hex().encode())


def late(*chunks: bytes) -> bytes:
    """A PNG with chunks after its pixels."""
    whole = png(8, 8)
    return whole[:-12] + b"".join(chunks) + whole[-12:]


def directory_of_pictures() -> bytes:
    """As a JPEG of several pictures begins with: 5,000 tags that all take the same bytes."""
    return tiff(*((0xB000 + number, 7, 60_000, 8) for number in range(5_000)), data=b"")[:65_000]


def many_scans(count: int, side: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    content = saved(Image.new("L", (side, side), 200), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * count + content[-2:]


def webp(width: int, height: int) -> bytes:
    """A WebP file with a canvas of any size, and next to nothing on it."""
    canvas = struct.pack("<I", 0x10) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    inner = saved(picture(), "WEBP")[12:]
    body = b"VP8X" + struct.pack("<I", 10) + canvas + inner
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def bmp(width: int, height: int) -> bytes:
    return struct.pack("<2sIII", b"BM", 54, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)


def animation(kind: str) -> bytes:
    frames = [picture(), picture().transpose(Image.Transpose.ROTATE_90)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@cache
def bad_images() -> list[BadImage]:
    """The corpus. It is always the same."""
    whole: Callable[[str], bytes] = lambda kind: saved(picture(), kind)  # noqa: E731
    rgb, jpeg = whole("PNG"), whole("JPEG")
    no_image = "not an image of a known format"
    large = "pixels are more than the|too many pixels"
    found = [
        # What is odd, and read.
        *(BadImage(f"named as another.{other}", whole(kind), READ)
          for kind, other in (("PNG", "jpg"), ("JPEG", "png"), ("WEBP", "tif"), ("BMP", "webp"), ("TIFF", "bmp"))),
        *(BadImage(f"{mode.replace(';', '')}.tif", saved(picture("L").convert(mode) if mode in ("I", "F")
                                                         else picture(mode), "TIFF"), READ)
          for mode in ("1", "L", "P", "RGBA", "CMYK", "LAB", "I", "F")),
        BadImage("cmyk with an adobe marker.jpg", saved(picture("CMYK"), "JPEG"), READ),
        BadImage("grey.jpg", saved(picture("L"), "JPEG"), READ),
        BadImage("progressive.jpg", saved(picture(), "JPEG", progressive=True), READ),
        BadImage("grey of 16 bits.png", saved(Image.fromarray(np.arange(576, dtype=np.uint16).reshape(24, 24)), "PNG"), READ),
        BadImage("colour of 16 bits.png", png(8, 8, bits=16), READ),
        BadImage("colour and alpha of 16 bits.png", png(8, 8, bits=16, colour=6), READ),
        BadImage("animated.png", animation("PNG"), READ),
        BadImage("animated.webp", animation("WEBP"), READ),
        BadImage("pages.tif", animation("TIFF"), READ),
        BadImage("several.mpo.jpg", animation("MPO"), READ),
        BadImage("no profile at all.jpg", saved(picture(), "JPEG", icc_profile=b"nonsense" * 99), READ),
        BadImage("cut profile.jpg", saved(picture(), "JPEG", icc_profile=srgb()[:200]), READ),
        BadImage("profile of colours for grey.png", saved(picture("L"), "PNG", icc_profile=srgb()), READ),
        BadImage("profile of colours for cmyk.jpg", saved(picture("CMYK"), "JPEG", icc_profile=srgb()), READ),
        BadImage("nonsense for exif.jpg", jpeg[:2] + segment(0xE1, b"Exif\0\0II*\0nonsense") + jpeg[2:], READ),
        BadImage("exif of a circle.jpg", jpeg[:2] + segment(0xE1, exif((34665, 4, 1, 8))) + jpeg[2:], READ),
        BadImage("orientation 77.jpg", jpeg[:2] + segment(0xE1, exif((0x0112, 3, 1, 77))) + jpeg[2:], READ),
        BadImage("exif after the pixels.png", rgb[:-12] + chunk(b"eXIf", exif((0x0112, 3, 1, 6))[6:]) + rgb[-12:], READ),
        BadImage("text after the end.jpg", jpeg + b"PK\x03\x04" + b"more" * 999, READ),
        BadImage("directories in a circle.tif", grey_tiff(following=8), READ),
        BadImage("palette with a hole.png", png(8, 8, chunk(b"PLTE", bytes(3)), colour=3), READ),
        BadImage("one pixel.png", png(1, 1), READ),
        # What is no image that is read.
        BadImage("empty.png", b"", "the file is empty"),
        BadImage("a word.jpg", b"picture", no_image),
        BadImage("a web page.jpg", b"<!doctype html><title>Sign in</title>", no_image),
        BadImage("animated.gif", animation("GIF"), no_image),
        BadImage("postscript.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n(x) run showpage\n", no_image),
        BadImage("lines.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", no_image),
        BadImage("only a signature.png", rgb[:8], no_image),
        BadImage("no pixels.png", rgb[:33] + rgb[-12:], "not an image|damaged"),
        BadImage("width 0.png", png(0, 8, data=b""), "not an image|damaged|for 0 x 8"),
        BadImage("height 0.bmp", bmp(8, 0), "not an image|damaged"),
        BadImage("pixels are nonsense.png", png(8, 8, data=b"nonsense"), "damaged"),
        BadImage("pixels are too few.png", png(8, 8, data=zlib.compress(b"\0" * 20)), "damaged"),
        BadImage("wrong sum.png", rgb[:29] + b"\0\0\0\0" + rgb[33:], no_image),
        BadImage("pixels of 4 GB, it says.png", rgb[:33] + b"\xff\xff\xff\xff" + rgb[37:], READ),
        BadImage("no tables.jpg", jpeg[:2] + jpeg[jpeg.index(b"\xff\xc0"):], "not an image|damaged"),
        BadImage("no scan.jpg", jpeg[: jpeg.index(b"\xff\xda")] + b"\xff\xd9", "not an image|damaged"),
        BadImage("samples.tif", grey_tiff(samples=9), "9 samples"),
        BadImage("lzma.tif", grey_tiff(compression=34925), "compression 34925"),
        BadImage("directory outside.tif", struct.pack("<2sHL", b"II", 42, 2**31), no_image),
        BadImage("pixels outside.tif", grey_tiff((273, 4, 1, 2**31)), "damaged"),
        # What would take too much.
        BadImage("30,000 x 30,000.png", png(30_000, 30_000, data=zlib.compress(bytes(999))), large),
        BadImage("2^31 x 2^31.png", png(2**31 - 1, 2**31 - 1, data=zlib.compress(bytes(999))), large),
        BadImage("65,535 x 65,535.jpg", jpeg.replace(struct.pack(">BHH", 8, SIDE, SIDE), b"\x08" + b"\xff" * 4), large),
        BadImage("16,384 x 16,384.webp", webp(16_384, 16_384), f"{large}|not an image"),
        BadImage("2^31 x 2^31.bmp", bmp(2**31 - 1, 2**31 - 1), large),
        BadImage("2^31 x 2^31.tif", grey_tiff((256, 4, 1, 2**31), (257, 4, 1, 2**31)), large),
        BadImage("tile of 16,384.tif", tiles_of(16_384), "tiles of 268,435,456 pixels"),
        BadImage("1,000 scans.jpg", many_scans(1000, 512), "more than 64 scans"),
    ]  # fmt: skip
    for kind, suffix in (("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("BMP", "bmp"), ("TIFF", "tif")):
        content = whole(kind)
        # WebP and JPEG may do without their last bytes, and the TIFF has its directory at the end.
        found += [
            BadImage(f"first {share} %.{suffix}", content[: len(content) * share // 100], "not an image|damaged")
            for share in (5, 20, 50, 80)
        ]
    return found


def bombs() -> list[BadImage]:
    """Small files that unpack to much. They are read, or not; what counts is what they take."""
    text = zlib.compress(bytes(150 * 2**20), 1)
    entry = (0xC000, 7, 60_000, 8)
    many = exif(*[(number, *entry[1:]) for number in range(30_000, 34_000)], data=bytes(12_000))
    jpeg = saved(picture(), "JPEG")
    return [
        BadImage("text of 150 MB.png", png(8, 8, chunk(b"zTXt", b"a\0\0" + text)), "x"),
        BadImage("text of 150 MB in another chunk.png", png(8, 8, chunk(b"iTXt", b"a\0\1\0\0\0" + text)), "x"),
        BadImage("profile of 150 MB.png", png(8, 8, chunk(b"iCCP", b"a\0\0" + text)), "x"),
        BadImage("pixels of 150 MB.png", png(8, 8, data=text), "x"),
        BadImage("50,000 chunks.png", png(8, 8, chunk(b"abCd", b"") * 50_000), "x"),
        BadImage("tags on tags.tif", overlapping_tags(2000, 500_000), "x"),
        BadImage("tags on tags.jpg", jpeg[:2] + segment(0xE1, many[:65_000]) * 8 + jpeg[2:], "x"),
        BadImage("tags on tags.png", png(8, 8, chunk(b"eXIf", many[6:])), "x"),
        BadImage("long tags on tags.png", png(8, 8, chunk(b"eXIf", overlapping_tags(2000, 500_000))), "x"),
        BadImage("profile on tags.png", png(8, 8, raw_profile(overlapping_tags(2000, 400_000))), "x"),
        BadImage("late profile on tags.png", late(raw_profile(overlapping_tags(2000, 400_000))), "x"),
        BadImage("late tags on tags.png", late(chunk(b"eXIf", overlapping_tags(2000, 500_000))), "x"),
        BadImage("long tags on tags.webp", saved(picture(), "WEBP", exif=overlapping_tags(2000, 500_000)), "x"),
        BadImage("directory on tags.png", png(8, 8, chunk(b"eXIf", directories_on_tags(2000, 500_000))), "x"),
        BadImage("directory on tags.tif", directories_on_tags(2000, 500_000, *GREY_TAGS), "x"),
        BadImage("second page on tags.tif", directories_on_tags(2000, 500_000, *GREY_TAGS, second=True), "x"),
        BadImage("pictures on tags.jpg", jpeg[:2] + segment(0xE2, b"MPF\0" + directory_of_pictures()) + jpeg[2:], "x"),
    ]
