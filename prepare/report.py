"""What a person reads about a prepared data set: the report, and the contact sheet with landmarks and priors."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from ..files.markdown import markdown_table, markdown_text
from ..images.comparison import comparison_sheet
from ..images.image import read_image
from ..priors.kinds import PRIOR_KINDS
from ..priors.landmarks.landmark_file import LANDMARK_FILE
from ..priors.provenance import describe_priors
from .config import PrepareConfig
from .faces import PreparedFace, faces_without_points, missing_points

SHOWN = 6
"""Faces on the contact sheet."""

SHEET_PX = 256
"""Smallest side of a face on the contact sheet."""


def report_markdown(
    config: PrepareConfig,
    faces: Sequence[PreparedFace],
    dropped: Mapping[str, Sequence[str]],
    splits: Mapping[str, Sequence[str]],
    provenance: Mapping[str, Mapping[str, Any]],
) -> str:
    """The report as a Markdown page.

    Args:
        config: the settings.
        faces: those that were kept.
        dropped: by photograph, why it or one of its faces was not.
        splits: names by list.
        provenance: what each prior was made from and with.
    """
    sizes = bytes_per_face(config.out, len(faces))
    stored = [(name, f"{count:.0f}") for name, count in sizes.items() if count]
    lines = [
        f"# {markdown_text(f'{config.photos.resolve().name}: {len(faces)} faces of {config.size} px')}",
        "",
        *markdown_table(("list", "faces"), [(name, str(len(chosen))) for name, chosen in splits.items()]),
        "",
        *markdown_table(("prior", "bytes a face"), [*stored, ("together", f"{sum(sizes.values()):.0f}")]),
        "",
        f"Priors: {markdown_text(describe_priors(tuple(provenance), 'clean', provenance))}.",
        "",
        *(f"- {markdown_text(f'{prior}: {_facts(by)}')}" for prior, by in provenance.items()),
        *([""] if provenance else []),
        *_missing(config.out, faces),
        f"Dropped: {sum(map(len, dropped.values()))}.",
        "",
    ]
    kinds = Counter(_kind(reason) for reasons in dropped.values() for reason in reasons)
    lines += [f"- {count} x {markdown_text(kind)}" for kind, count in kinds.most_common()]
    lines += [""] * bool(dropped)
    lines += [f"- {markdown_text(f'{name}: {reason}')}" for name, reasons in dropped.items() for reason in reasons]
    lines += [""] * bool(dropped)
    return "\n".join([*lines, "![Some of the faces](contact.png)", ""])


def bytes_per_face(out: Path, faces: int) -> dict[str, float]:
    """Mean size on disk of each prior, for one face; a dictionary that all faces share is not counted."""
    stored = dict(kind.stored_files(out) for kind in PRIOR_KINDS.values())
    return {name: sum(file.stat().st_size for file in files) / faces for name, files in stored.items()}


def contact_sheet(out: Path, faces: Sequence[PreparedFace]) -> Image.Image:
    """Some faces, evenly spaced over all: alone, with landmarks, and with each prior that can be shown and exists.

    Args:
        out: folder of the data set.
        faces: its faces.
    """
    chosen = [faces[i] for i in np.unique(np.linspace(0, len(faces) - 1, min(SHOWN, len(faces))).round().astype(int))]
    pictures = [_large(read_image(out / "images" / face.name)) for face in chosen]
    columns = {"face": [picture for picture, _ in pictures]}
    if any(face.points is not None for face in chosen):
        columns["landmarks"] = [
            _with_points(picture, face.points, factor) for face, (picture, factor) in zip(chosen, pictures, strict=True)
        ]
    for kind in PRIOR_KINDS.values():
        files = [kind.file_of(out, face.name) for face in chosen]
        if kind.show is not None and all(file.is_file() for file in files):
            columns[kind.name] = [kind.show(picture, file) for file, (picture, _) in zip(files, pictures, strict=True)]
    captions = [[face.name if len(face.name) <= 36 else f"...{face.name[-33:]}"] for face in chosen]
    rows = list(zip(*columns.values(), strict=True))
    return comparison_sheet(rows, list(columns), [caption + [""] * (len(columns) - 1) for caption in captions])


def _kind(reason: str) -> str:
    """What reasons of the same kind have in common."""
    return re.split(r":|\d", re.sub(r"^face \d+: ", "", reason))[0].strip() or reason


def _missing(out: Path, faces: Sequence[PreparedFace]) -> list[str]:
    if not (out / "priors" / LANDMARK_FILE).is_file():
        return []
    points, empty = missing_points(faces), faces_without_points(faces)
    return [f"Missing landmarks: {points}, faces without any: {empty}; each is a zero channel.", ""]


def _facts(by: Mapping[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in by.items())


def _large(image: np.ndarray) -> tuple[np.ndarray, int]:
    """The face enlarged by a whole factor, and that factor."""
    factor = max(-(-SHEET_PX // len(image)), 1)
    side = factor * len(image)
    return np.array(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)), factor


def _with_points(picture: np.ndarray, points: np.ndarray | None, factor: int) -> np.ndarray:
    """The face with a dot at each landmark, drawn at four times the size and scaled down, so that it is round."""
    marked = Image.fromarray(picture)
    fine = Image.new("L", (4 * marked.width, 4 * marked.height))
    rim = fine.copy()
    for x, y in () if points is None else ((points + 0.5) * (4 * factor) - 0.5):
        if np.isfinite(x + y):
            for layer, radius in ((rim, 11), (fine, 7)):
                ImageDraw.Draw(layer).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    for layer, colour in ((rim, (255, 255, 255)), (fine, (220, 30, 60))):
        marked.paste(colour, mask=layer.resize(marked.size, Image.Resampling.BOX))
    return np.array(marked)
