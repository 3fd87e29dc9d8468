"""Every common image mode as 8-bit RGB, and colours through the profile that a photograph carries."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

_PROFILE_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}


def over_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture in sRGB, its transparency composited over white.

    Args:
        image: a loaded picture of any mode.
        profile: its colour profile; a broken one is ignored.
    """
    image = _of_8_bits(image)
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


def colour_and_alpha(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, Image.Image | None, bytes | None]:
    """A picture's own RGB, its transparency, and the profile that its RGB is meant in.

    RGB is left as it is. Grey and CMYK become sRGB, through their profile.

    Args:
        image: a loaded picture of any mode.
        profile: its colour profile; a broken one is ignored.

    Returns:
        RGB; L, or None where the picture is opaque; the profile, or None for sRGB.
    """
    image, alpha = _of_8_bits(image), None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    if image.mode in ("P", "RGBX", "RGBA"):
        image = image.convert("RGB")
    if image.mode == "RGB":
        return image, alpha, profile if _space(profile) == "RGB" else None
    return _through_profile(image, profile), alpha, None


def to_srgb(colour: np.ndarray, profile: bytes | None) -> np.ndarray:
    """RGB, uint8 (H, W, 3), that is meant in a profile, as sRGB; None stands for sRGB."""
    if _differing(profile, "RGB") is None:
        return colour
    return np.asarray(_through_profile(Image.fromarray(colour), profile))


def from_srgb(colour: np.ndarray, profile: bytes | None) -> np.ndarray:
    """SRGB, uint8 (H, W, 3), as the RGB that a profile means; the inverse of `to_srgb`."""
    source = _differing(profile, "RGB")
    if source is None:
        return colour
    try:
        made = ImageCms.profileToProfile(Image.fromarray(colour), ImageCms.createProfile("sRGB"), source)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile that converts in one direction only
        return colour
    return colour if made is None else np.asarray(made)


def _through_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    source = _differing(profile, image.mode)
    try:
        converted = source and ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        converted = None
    return converted or (image if image.mode == "RGB" else image.convert("RGB"))


def _differing(profile: bytes | None, mode: str) -> Any:
    """A profile that pictures of a mode must go through to become sRGB; None if they need not, or it is broken."""
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile)) if profile else None
        facts: Any = source and source.profile
        if source is None or "srgb" in (facts.profile_description or "").lower():
            return None
        return source if _PROFILE_MODES.get(facts.xcolor_space.strip()) == mode else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def _space(profile: bytes | None) -> str:
    try:
        facts: Any = ImageCms.getOpenProfile(io.BytesIO(profile)).profile if profile else None
        return facts.xcolor_space.strip() if facts else ""
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return ""


def _of_8_bits(image: Image.Image) -> Image.Image:
    return _grey_to_8_bit(image) if image.mode == "F" or image.mode.startswith("I") else image


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
