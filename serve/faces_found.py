"""A photograph with a numbered box around each face that was found in it."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..genotypes.drawing import palette

Fate = Literal["restored", "left", "other"]
"""What becomes of a face: it is restored, it cannot be, or it was not asked for."""

COLOURS: dict[Fate, str] = {
    "restored": palette.BRANCH_COLOURS["upsample"],
    "left": palette.BRANCH_COLOURS["parsing"],
    "other": palette.FAINT_INK,
}

SHOWN_PX = 1600
"""Longest side of a picture that is only looked at."""


def shrunk(picture: np.ndarray) -> np.ndarray:
    """A picture as it is shown, uint8 (H, W, 3): at most `SHOWN_PX` a side.

    Args:
        picture: uint8 (H, W, 3).
    """
    scale = SHOWN_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    height, width = (max(round(side * scale), 1) for side in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3))


def with_boxes(
    picture: np.ndarray, boxes: Sequence[tuple[float, float, float, float]], fates: Sequence[Fate]
) -> np.ndarray:
    """A photograph as it is shown, with a numbered box around each face, uint8 (H, W, 3).

    Args:
        picture: the photograph, uint8 (H, W, 3).
        boxes: left, top, right and bottom of each face in its pixels; they may extend beyond it.
        fates: what becomes of each.
    """
    small = Image.fromarray(shrunk(picture))
    scale = small.width / picture.shape[1]
    line = max(2, round(max(small.size) / 300))
    font = ImageFont.load_default(max(12, round(max(small.size) / 60)))
    draw = ImageDraw.Draw(small)
    for number, (box, fate) in enumerate(zip(boxes, fates, strict=True), 1):
        left, right = np.clip([box[0] * scale, box[2] * scale], 0, small.width - 1)
        top, bottom = np.clip([box[1] * scale, box[3] * scale], 0, small.height - 1)
        if right <= left or bottom <= top:
            continue
        draw.rectangle((left, top, right, bottom), outline=COLOURS[fate], width=line)
        tag = draw.textbbox((0, 0), str(number), font=font)
        wide, high = tag[2] + 4 * line, tag[3] + 3 * line
        above = max(top - high, 0)  # the face stays visible
        draw.rectangle((left, above, left + wide, above + high), fill=COLOURS[fate])
        draw.text((left + 2 * line, above + line), str(number), fill="white", font=font)
    return np.asarray(small)
