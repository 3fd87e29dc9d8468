"""What a prepared data set says of itself: landmarks, lists, provenance, manifest, report, contact sheet."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from .. import __version__
from ..engine.run_folder import environment, replace_text
from ..external_weights import sha256_of
from ..faces.comparison import comparison_sheet
from ..faces.image import read_image, write_image
from ..faces.label_maps import colour_labels, read_label_map
from ..faces.landmark_file import write_landmarks
from .prepare_config import PrepareConfig

SCHEMA = "mfps.dataset/1"
SHOWN = 6
"""Faces on the contact sheet."""

SHEET_PX = 256
"""Side of a face on the contact sheet."""


class PreparedFace(NamedTuple):
    """A face of the data set."""

    name: str
    """Posix path below `images/`."""
    photograph: str
    """Posix path of the photograph it was cut from."""
    points: np.ndarray | None
    """float64 (K, 2) in its pixels, NaN where one is missing."""

    @classmethod
    def of(cls, photograph: str, entry: Mapping[str, Any]) -> "PreparedFace":
        """A face from its entry in the journal."""
        points = entry["points"]
        if points is not None:
            points = np.array([(np.nan, np.nan) if point is None else point for point in points], np.float64)
        return cls(entry["name"], photograph, points)


def write_records(
    config: PrepareConfig,
    faces: Sequence[PreparedFace],
    dropped: Mapping[str, Sequence[str]],
    scheme: str,
    made: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write everything that describes the data set; equal faces and settings give equal bytes.

    Args:
        config: the settings.
        faces: the faces that were kept, in the order of their photographs.
        dropped: by photograph, why it or a face of it was not.
        scheme: scheme of the landmarks.
        made: for each prior what it was made with.
    """
    out = config.out
    (out / "priors").mkdir(exist_ok=True)
    with_points = {face.name: ((config.size, config.size), face.points) for face in faces if face.points is not None}
    if "heatmap" in made and with_points:
        write_landmarks(out / "priors" / "landmarks.json", scheme, with_points)
    provenance = {prior: {"made_from": "clean", **by} for prior, by in made.items()}
    replace_text(out / "priors" / "provenance.json", json.dumps(provenance, indent=1, sort_keys=True) + "\n")
    splits = _splits(config, faces)
    for name, chosen in splits.items():
        replace_text(out / f"{name}.txt", "".join(f"{face}\n" for face in chosen))
    _contact_sheet(out, faces)
    replace_text(out / "report.md", _report(config, faces, dropped, splits))
    files = sorted(path for path in out.rglob("*") if path.is_file() and _listed(path.relative_to(out)))
    manifest = {
        "schema": SCHEMA,
        "mfps": __version__,
        "libraries": {name: version for name, version in environment().items() if name not in ("system", "cpus")},
        "settings": config.settings,
        "priors": provenance,
        "faces": len(faces),
        "dropped": {name: list(reasons) for name, reasons in dropped.items()},
        "splits": {name: len(chosen) for name, chosen in splits.items()},
        "missing_points": missing_points(faces),
        "files": {path.relative_to(out).as_posix(): sha256_of(path) for path in files},
    }
    replace_text(out / "manifest.json", json.dumps(manifest, indent=1) + "\n")


def missing_points(faces: Sequence[PreparedFace]) -> int:
    """How many landmarks are missing in all; each is a zero channel of its face."""
    return sum(int(np.isnan(face.points).any(1).sum()) for face in faces if face.points is not None)


def bytes_a_face(out: Path, faces: int) -> dict[str, float]:
    """Mean size on disk of each prior, for one face; a dictionary that all faces share is not counted."""
    priors = out / "priors"
    sizes = {
        "landmarks": [priors / "landmarks.json"],
        "parsing": list((priors / "parsing").rglob("*.png")),
        "dictionary": [priors / "dictionary.json"],
    }
    return {name: sum(file.stat().st_size for file in files if file.is_file()) / faces for name, files in sizes.items()}


def _listed(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts) and path.name != "manifest.json"


def _splits(config: PrepareConfig, faces: Sequence[PreparedFace]) -> dict[str, list[str]]:
    """Names by list; the faces of one photograph stay together."""
    photographs = sorted({face.photograph for face in faces})
    order = [photographs[i] for i in np.random.default_rng(config.seed).permutation(len(photographs))]
    test = round(config.test * len(order))
    val = min(max(1, round(config.val * len(order))) if config.val and len(order) > 1 else 0, len(order) - test)
    chosen = {"test": set(order[:test]), "val": set(order[test : test + val]), "train": set(order[test + val :])}
    found = {
        name: [face.name for face in faces if face.photograph in chosen[name]] for name in ("train", "val", "test")
    }
    return {name: names for name, names in found.items() if names or name == "train"}


def _report(
    config: PrepareConfig,
    faces: Sequence[PreparedFace],
    dropped: Mapping[str, Sequence[str]],
    splits: Mapping[str, Sequence[str]],
) -> str:
    size = bytes_a_face(config.out, len(faces))
    lines = [
        f"# {config.photos.name}: {len(faces)} faces of {config.size} px",
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
        f"Missing landmarks: {missing_points(faces)}.",
        "",
        f"Dropped: {sum(map(len, dropped.values()))}.",
        "",
    ]
    kinds = Counter(reason.split(":")[0] for reasons in dropped.values() for reason in reasons)
    lines += [f"- {count} x {kind}" for kind, count in kinds.most_common()]
    lines += (
        ["", *(f"- {name}: {reason}" for name, reasons in dropped.items() for reason in reasons)] if dropped else []
    )
    return "\n".join(lines).rstrip() + "\n"


def _contact_sheet(out: Path, faces: Sequence[PreparedFace]) -> None:
    """Some faces with their landmarks and their parsing map over them: evenly spaced over all."""
    chosen = [faces[i] for i in np.unique(np.linspace(0, len(faces) - 1, min(SHOWN, len(faces))).round().astype(int))]
    rows = []
    for face in chosen:
        image = read_image(out / "images" / face.name)
        factor = max(SHEET_PX // image.shape[0], 1)
        large = np.array(Image.fromarray(image).resize((image.shape[1] * factor,) * 2, Image.Resampling.LANCZOS))
        row = [large, _with_points(large, face.points, factor)]
        labels = out / "priors" / "parsing" / face.name
        if labels.is_file():
            colours = colour_labels(read_label_map(labels)).repeat(factor, 0).repeat(factor, 1)
            row.append(np.rint(0.5 * large + 0.5 * colours).astype(np.uint8))
        rows.append(row)
    columns = min(map(len, rows))
    titles = ["face", "landmarks", "parsing"][:columns]
    captions = [[face.name, "", ""][:columns] for face in chosen]
    write_image(out / "contact.png", np.asarray(comparison_sheet([row[:columns] for row in rows], titles, captions)))


def _with_points(image: np.ndarray, points: np.ndarray | None, factor: int) -> np.ndarray:
    marked = image.copy()
    for x, y in [] if points is None else (points + 0.5) * factor - 0.5:
        if np.isfinite(x + y):
            row, column = round(float(y)), round(float(x))
            marked[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = (255, 255, 255)
            marked[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = (220, 30, 60)
    return marked
