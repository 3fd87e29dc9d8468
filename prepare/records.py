"""The records of a prepared data set: lists, provenance, manifest, report, contact sheet."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..data.sampling import random_order
from ..engine.run_folder import environment
from ..files.atomic_file import write_atomically
from ..files.hashes import sha256_of
from ..images.image import write_image
from ..images.lists import list_text
from ..priors.landmarks.conversion import convert_points
from .config import PrepareConfig
from .faces import PreparedFace, faces_without_points, missing_points
from .report import contact_sheet, report_markdown

DATASET_SCHEMA = "mfps.dataset/1"


def write_records(
    config: PrepareConfig,
    faces: Sequence[PreparedFace],
    photographs: Mapping[str, str | None],
    dropped: Mapping[str, Sequence[str]],
    scheme: str,
    made: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write everything that describes the data set; equal faces and settings give equal bytes.

    Args:
        config: the settings.
        faces: the faces that were kept, in the order of their photographs.
        photographs: the SHA-256 of every photograph; None for one that could not be read.
        dropped: by photograph, why it or one of its faces was not kept.
        scheme: scheme of the faces' landmarks; they are reported in the scheme that the settings ask for.
        made: for each prior what it was made with.
    """
    out = config.out
    (out / "priors").mkdir(exist_ok=True)
    target = config.scheme or scheme
    faces = [
        face if face.points is None else face._replace(points=convert_points(face.points, scheme, target))
        for face in faces
    ]
    provenance = {prior: {"made_from": config.made_from, **by} for prior, by in made.items()}
    _write_json(out / "priors" / "provenance.json", provenance)
    splits = split_faces(config, faces)
    for name, chosen in splits.items():
        write_atomically(out / f"{name}.txt", list_text(chosen))
    write_image(out / "contact.png", np.asarray(contact_sheet(out, faces)))
    write_atomically(out / "report.md", report_markdown(config, faces, dropped, splits, provenance))
    files = sorted(path for path in out.rglob("*") if path.is_file() and _listed(path.relative_to(out)))
    manifest = {
        "schema": DATASET_SCHEMA,
        "mfps": __version__,
        "libraries": {name: version for name, version in environment().items() if name not in ("system", "cpus")},
        "settings": config.settings,
        "priors": provenance,
        "faces": len(faces),
        "dropped": {name: list(reasons) for name, reasons in dropped.items()},
        "splits": {name: len(chosen) for name, chosen in splits.items()},
        "missing_points": missing_points(faces),
        "faces_without_points": faces_without_points(faces),
        "photographs": dict(photographs),
        "files": {path.relative_to(out).as_posix(): sha256_of(path) for path in files},
    }
    _write_json(out / "manifest.json", manifest)


def split_faces(config: PrepareConfig, faces: Sequence[PreparedFace]) -> dict[str, list[str]]:
    """Names of the faces by list; the faces of one photograph stay together.

    Args:
        config: the settings: shares and seed.
        faces: all of them.
    """
    order = random_order({face.photograph for face in faces}, config.seed)
    spare = len(order) - 1  # at least one is trained on
    test = min(round(config.test * len(order)), spare)
    val = min(max(1, round(config.val * len(order))) if config.val else 0, spare - test)
    chosen = {"test": set(order[:test]), "val": set(order[test : test + val]), "train": set(order[test + val :])}
    found = {
        name: [face.name for face in faces if face.photograph in chosen[name]] for name in ("train", "val", "test")
    }
    return {name: names for name, names in found.items() if names or name == "train"}


def _listed(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts) and path.name != "manifest.json"


def _write_json(file: Path, content: Any) -> None:
    write_atomically(file, json.dumps(content, indent=1, sort_keys=file.name != "manifest.json") + "\n")
