"""What a person reads of a prepared data set: the report, and the contact sheet with landmarks and label maps."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from ..images.comparison import comparison_sheet
from ..images.image import read_image
from ..priors.parsing.label_maps import colour_labels, read_label_map
from ..priors.provenance import describe_priors
from .config import PrepareConfig
from .faces import PreparedFace, faces_without_points, missing_points

SHOWN = 6
"""Faces on the contact sheet."""

SHEET_PX = 256
"""Least side of a face on the contact sheet."""

SHARE_OF_COLOUR = 0.45
"""How much of a label's colour shows over the face."""


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
        dropped: by photograph, why it or a face of it was not.
        splits: names by list.
        provenance: what each prior was made from and with.
    """
    size = bytes_a_face(config.out, len(faces))
    lines = [
        f"# {config.photos.resolve().name}: {len(faces)} faces of {config.size} px",
        "",
        "| list | faces |",
        "|---|---|",
        *(f"| {name} | {len(chosen)} |" for name, chosen in splits.items()),
        "",
        "| prior | bytes a face |",
        "|---|---|",
        *(f"| {name} | {count:.0f} |" for name, count in size.items() if count),
        f"| together | {sum(size.values()):.0f} |",
        "",
        f"Priors: {describe_priors(tuple(provenance), 'clean', provenance)}.",
        "",
        *(f"- {prior}: {_facts(by)}" for prior, by in provenance.items()),
        *([""] if provenance else []),
        *_missing(faces, provenance),
        f"Dropped: {sum(map(len, dropped.values()))}.",
        "",
    ]
    kinds = Counter(_kind(reason) for reasons in dropped.values() for reason in reasons)
    lines += [f"- {count} x {kind}" for kind, count in kinds.most_common()]
    lines += [""] * bool(dropped)
    lines += [f"- {name}: {reason}" for name, reasons in dropped.items() for reason in reasons]
    lines += [""] * bool(dropped)
    return "\n".join([*lines, "![Some of the faces](contact.png)", ""])


def bytes_a_face(out: Path, faces: int) -> dict[str, float]:
    """Mean size on disk of each prior, for one face; a dictionary that all faces share is not counted."""
    priors = out / "priors"
    sizes = {
        "landmarks": [priors / "landmarks.json"],
        "parsing": list((priors / "parsing").rglob("*.png")),
        "dictionary": [priors / "dictionary.json"],
    }
    return {name: sum(file.stat().st_size for file in files if file.is_file()) / faces for name, files in sizes.items()}


def contact_sheet(out: Path, faces: Sequence[PreparedFace]) -> Image.Image:
    """Some faces, evenly spaced over all: alone, with their landmarks, with their label map, as far as these are there.

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
    maps = [out / "priors" / "parsing" / face.name for face in chosen]
    if all(file.is_file() for file in maps):
        columns["parsing"] = [
            _with_labels(picture, read_label_map(file)) for file, (picture, _) in zip(maps, pictures, strict=True)
        ]
    captions = [[face.name if len(face.name) <= 36 else f"...{face.name[-33:]}"] for face in chosen]
    rows = list(zip(*columns.values(), strict=True))
    return comparison_sheet(rows, list(columns), [caption + [""] * (len(columns) - 1) for caption in captions])


def _kind(reason: str) -> str:
    """What reasons of the same kind have in common."""
    return re.split(r":|\d", re.sub(r"^face \d+: ", "", reason))[0].strip() or reason


def _missing(faces: Sequence[PreparedFace], provenance: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if "heatmap" not in provenance:
        return []
    points, empty = missing_points(faces), faces_without_points(faces)
    return [f"Missing landmarks: {points}, faces without any: {empty}; each is a zero channel.", ""]


def _facts(by: Mapping[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in by.items())


def _large(image: np.ndarray) -> tuple[np.ndarray, int]:
    """The face enlarged by a whole number, and that number."""
    factor = max(-(-SHEET_PX // len(image)), 1)
    side = factor * len(image)
    return np.array(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)), factor


def _with_points(picture: np.ndarray, points: np.ndarray | None, factor: int) -> np.ndarray:
    """The face with a dot at each landmark, drawn four times as large and made smaller, so that it is round."""
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


def _with_labels(picture: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The face through its label map's colours; the background stays dim."""
    side = len(picture)
    colours = np.array(Image.fromarray(colour_labels(labels)).resize((side, side), Image.Resampling.NEAREST))
    return np.rint((1 - SHARE_OF_COLOUR) * picture + SHARE_OF_COLOUR * colours).astype(np.uint8)
