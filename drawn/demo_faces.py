"""Drawn faces with their priors, for the demo: nothing is downloaded."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from ..engine.device import choose_device
from ..engine.terminal import say
from ..files.atomic_file import write_atomically
from ..priors.faces import CutFaces
from ..priors.kinds import PRIOR_KINDS
from ..priors.landmarks.landmark_file import LANDMARK_FILE, read_landmarks
from ..priors.prior_kind import ExternalSources
from .faces import DRAWN_PRIORS, write_drawn_faces


class DemoCounts(NamedTuple):
    """How many faces the demo draws, and what for."""

    learn: int
    """Faces to learn from."""
    val: int = 8
    """Additional faces to validate on, listed in `val.txt`."""
    test: int = 8
    """Additional faces to test with, listed in `test.txt`."""
    dictionary: int = 8
    """Of the first, those that the dictionary is made from; it gets half as many entries per part. They are few, as
    VGG19 is slow at 512 px on a CPU."""


def write_demo_faces(
    folder: Path,
    counts: DemoCounts,
    size: int,
    priors: Sequence[str],
    seed: int,
    console: Console,
    device: str = "auto",
) -> None:
    """Write a data folder of drawn faces with landmarks, label maps, and any other requested prior.

    A dictionary is made from a few of the training faces with a seeded random VGG19, and its provenance says so.

    Args:
        folder: the folder to write.
        counts: how many faces, and what for.
        size: side of the faces in pixels.
        priors: the priors that will be used.
        seed: seed of everything.
        console: where progress is shown.
        device: auto, cpu, cuda or cuda:N.
    """
    drawn = counts.learn + counts.val + counts.test
    say(console, f"drawing {drawn} faces")
    write_drawn_faces(folder, drawn, size, seed, counts.val, counts.test)
    made: dict[str, dict[str, Any]] = {
        prior: {"made_from": "clean", "by": "drawn with the face"} for prior in DRAWN_PRIORS
    }
    landmarks = read_landmarks(folder / "priors" / LANDMARK_FILE)
    points = {name: np.array(face.points) for name, face in landmarks.faces.items()}
    faces = CutFaces(folder, size, points, landmarks.scheme, console, landmarks.scheme)
    place = choose_device(device)
    for kind in (PRIOR_KINDS[prior] for prior in priors if prior not in DRAWN_PRIORS):
        sources = ExternalSources()
        if kind.demo_sources is not None:
            sources = kind.demo_sources(folder, counts.dictionary, seed, console, device)
        made[kind.name] = {"made_from": "clean", **kind.finder(sources, place).make(faces)}
    write_atomically(folder / "priors" / "provenance.json", json.dumps(made, indent=1, sort_keys=True) + "\n")
