"""Drawn faces with all three priors, for the demo: nothing is downloaded."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from ..engine.device import make_fabric
from ..files.durable_file import write_durably
from ..prepare.faces import PreparedFace
from ..prepare.network_priors import PriorNetworks, match_dictionary
from ..priors.dictionary.build import build_dictionary
from ..priors.dictionary.dictionary_file import read_dictionary
from ..priors.dictionary.features import features_of
from ..priors.landmarks.landmark_file import read_landmarks
from .faces import write_drawn_faces


def write_demo_faces(
    folder: Path,
    count: int,
    test: int,
    size: int,
    priors: Sequence[str],
    seed: int,
    dictionary_faces: int,
    console: Console,
    device: str = "auto",
) -> None:
    """Write a data folder of drawn faces with landmarks, label maps and, if it is asked for, a dictionary prior.

    The dictionary is made of a few of the training faces with a seeded random VGG19, and its provenance says so.

    Args:
        folder: where to.
        count: faces to learn from.
        test: further ones, listed in `val.txt`.
        size: side of the faces in pixels.
        priors: the priors that will be used.
        seed: of everything.
        dictionary_faces: faces that the dictionary is made of; it gets half as many entries a part.
        console: where progress is shown.
        device: auto, cpu, cuda or cuda:N.
    """
    console.print(f"drawing {count + test} faces", highlight=False)
    write_drawn_faces(folder, count + test, size, seed, val=test)
    made = {prior: {"made_from": "clean", "by": "drawn with the face"} for prior in ("parsing", "heatmap")}
    if "dictionary" in priors:
        few = folder / "dictionary.txt"
        names = (folder / "train.txt").read_text(encoding="utf-8").splitlines()[:dictionary_faces]
        few.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        file = folder / "dictionary.safetensors"
        entries = max(dictionary_faces // 2, 1)
        build_dictionary(folder, file, console, few, entries, seed, random_features=True, device=device)
        landmarks = read_landmarks(folder / "priors" / "landmarks.json")
        faces = [PreparedFace(name, name, np.array(face.points)) for name, face in landmarks.faces.items()]
        place = make_fabric(device, "float32").device
        dictionary = read_dictionary(file).to(place)
        networks = PriorNetworks(dictionary=dictionary, features=features_of(dictionary).to(place))
        matched = match_dictionary(networks, folder, size, faces, landmarks.scheme, console)
        made["dictionary"] = {"made_from": "clean", **matched}
    write_durably(folder / "priors" / "provenance.json", json.dumps(made, indent=1, sort_keys=True) + "\n")
