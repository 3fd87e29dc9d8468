"""Lines, tables and pictures of the page, in HTML in which a text from outside stands as it is."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from PIL import Image

from ..errors import printable

Kind = Literal["said", "note", "error"]
"""What a line is: what was done, what is worth knowing, or why something was not done."""


def plain(text: str) -> str:
    """A text from outside as HTML shows it as it is."""
    return html.escape(printable(text))


def lines(*texts: str, kind: Kind = "said") -> str:
    """Lines of text, one below the other; empty ones are left out.

    Args:
        texts: any texts.
        kind: how they look.
    """
    return "".join(f'<p class="mfps-line mfps-{kind}">{plain(text)}</p>' for text in texts if text)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table.

    Args:
        titles: of its columns.
        rows: any texts, one for each column.
    """
    head = "".join(f"<th>{plain(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{plain(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="mfps-wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def picture_of(picture: np.ndarray, said: str) -> str:
    """A picture that stands in the page itself, and in no file.

    Args:
        picture: uint8 (H, W, 3).
        said: what it shows, for those who do not see it.
    """
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "JPEG", quality=92, subsampling=0)
    data = base64.b64encode(content.getvalue()).decode()
    return f'<img class="mfps-picture" alt="{plain(said)}" src="data:image/jpeg;base64,{data}">'
