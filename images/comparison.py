"""Pictures side by side with their numbers: input, output and clean face, one row per face."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..errors import MfpsError, printable

CELL_PX = 192
"""Smaller pictures are enlarged by a whole factor until a cell is at least this wide."""

_MARGIN_PX = 24
_GAP_PX = 14
_TITLE_PX = 17
_CAPTION_PX = 13
_INK = (32, 33, 36)
_FAINT = (110, 113, 120)


def comparison_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    captions: Sequence[Sequence[str]] = (),
    labels: Sequence[str] = (),
) -> Image.Image:
    """Arrange pictures in rows under column titles, with a caption below each picture and a label above each row.

    Args:
        rows: uint8 (H, W, 3) or (H, W) pictures, the same number in every row; a column may differ in size.
        titles: one for each column, such as `input`, `output`, `clean`.
        captions: for each row, one for each picture, such as `24.31 dB  0.713`; empty for none.
        labels: one for each row, such as `ann.png, blur`; a long one is shortened to fit. Empty for none.

    Returns:
        The sheet in RGB, on white.

    Raises:
        MfpsError: there are no rows, or the number of titles, captions or labels does not match the pictures.
    """
    _check(rows, titles, captions, labels)
    cells = [[_enlarged(picture) for picture in row] for row in rows]
    captions, labels = [list(map(printable, row)) for row in captions], list(map(printable, labels))
    title_font, caption_font = ImageFont.load_default(_TITLE_PX), ImageFont.load_default(_CAPTION_PX)
    label_space = 2 * _CAPTION_PX if any(labels) else 0
    texts = captions or [[""] * len(titles)] * len(rows)
    caption_space = 2 * _CAPTION_PX if any(text for row in texts for text in row) else 0
    widths = [
        max(
            *(row[column].width for row in cells),
            _text_width(title_font, title),
            *(_text_width(caption_font, row[column]) for row in texts),
        )
        for column, title in enumerate(titles)
    ]
    heights = [max(cell.height for cell in row) for row in cells]
    top = _MARGIN_PX + (2 * _TITLE_PX if any(titles) else 0)
    sheet = Image.new(
        "RGB",
        (
            2 * _MARGIN_PX + sum(widths) + _GAP_PX * (len(widths) - 1),
            top + sum(heights) + (label_space + caption_space + _GAP_PX) * len(heights) - _GAP_PX + _MARGIN_PX,
        ),
        "white",
    )
    pen = ImageDraw.Draw(sheet)
    tops = [
        top + sum(heights[:row]) + (label_space + caption_space + _GAP_PX) * row + label_space
        for row in range(len(heights))
    ]
    for y, label in zip(tops, labels, strict=False):
        fitting = _shortened(label, caption_font, sheet.width - 2 * _MARGIN_PX)
        pen.text((_MARGIN_PX, y - _CAPTION_PX // 2), fitting, fill=_INK, font=caption_font, anchor="ld")
    left = _MARGIN_PX
    for column, title in enumerate(titles):
        middle = left + widths[column] // 2
        pen.text((middle, _MARGIN_PX), title, fill=_INK, font=title_font, anchor="mt")
        for row, (y, height) in enumerate(zip(tops, heights, strict=True)):
            cell = cells[row][column]
            sheet.paste(cell, (middle - cell.width // 2, y))
            caption_y = y + height + _CAPTION_PX // 2
            pen.text((middle, caption_y), texts[row][column], fill=_FAINT, font=caption_font, anchor="mt")
        left += widths[column] + _GAP_PX
    return sheet


def _enlarged(picture: np.ndarray) -> Image.Image:
    factor = max(-(-CELL_PX // picture.shape[1]), 1)
    image = Image.fromarray(picture).convert("RGB")
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _text_width(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text: str) -> int:
    return round(font.getlength(text))


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """Cut off the beginning of a text until it fits, since a file's own name comes after its folders."""
    if font.getlength(text) < width:
        return text
    while text and font.getlength(f"...{text}") > width - 1:  # a letter may reach a pixel beyond its length
        text = text[1:]
    return f"...{text}"


def _check(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    captions: Sequence[Sequence[str]],
    labels: Sequence[str],
) -> None:
    if not rows or not titles:
        raise MfpsError("a comparison sheet needs at least one row and one column")
    for number, row in enumerate(rows, 1):
        if len(row) != len(titles):
            raise MfpsError(f"comparison sheet, row {number}: {len(row)} pictures under {len(titles)} titles")
    if captions and [len(row) for row in captions] != [len(row) for row in rows]:
        raise MfpsError("comparison sheet: give a caption for every picture, or none at all")
    if labels and len(labels) != len(rows):
        raise MfpsError("comparison sheet: give a label for every row, or none at all")
