"""Building a facial dictionary from a data folder, with a picture of what its entries look like."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console

from ...engine.configuration import check_options
from ...engine.device import make_fabric
from ...engine.progress import track
from ...errors import MfpsError
from ...files.atomic_folder import check_writable
from ...images.image import read_image, write_image
from ...images.lists import find_images, image_folder, read_list
from ...networks.vgg19 import load_vgg19
from ..landmarks.landmark_file import read_landmarks
from .dictionary_file import write_dictionary
from .features import Relu34, name_of_official, name_of_random, random_vgg19
from .sheet import dictionary_sheet
from .training import Face, train_dictionary


def build_dictionary(
    data: Path,
    out: Path,
    console: Console,
    names: Path | None = None,
    entries: int = 128,
    seed: int = 0,
    weights_dir: Path | None = None,
    *,
    random_features: bool = False,
    device: str = "auto",
) -> Path:
    """Train a dictionary on the faces of a data folder and write it, and its picture beside it.

    Args:
        data: aligned faces with `priors/landmarks.json`.
        out: dictionary file.
        console: where progress is shown.
        names: list of the faces to learn from; all by default.
        entries: of each part.
        seed: of the clustering, and of the random features.
        weights_dir: folder with VGG19's weights.
        random_features: use a seeded random VGG19 instead.
        device: auto, cpu, cuda or cuda:N.

    Returns:
        The picture's file.

    Raises:
        MfpsError: something given cannot be used.
    """
    check_options(entries=(entries, 1), seed=(seed, 0))
    picture = out.with_suffix(".png")
    if out.suffix != ".safetensors":
        raise MfpsError(f"{out}: a dictionary file ends in .safetensors; give such a name with --out")
    for file in (out, picture):
        if file.exists():
            raise MfpsError(f"{file}: exists already, and nothing is overwritten; give another name with --out")
    check_writable(out.parent)
    folder = image_folder(data)
    chosen = find_images(folder) if names is None else read_list(names, data)
    landmarks = read_landmarks(data / "priors" / "landmarks.json")
    if missing := [name for name in chosen if name not in landmarks.faces]:
        raise MfpsError(f"{data}: {len(missing)} of {len(chosen)} faces have no landmarks, first {missing[0]}")

    def face(number: int) -> Face:
        points = landmarks.faces[chosen[number]].points
        array = np.array([(np.nan, np.nan) if point is None else point for point in points], np.float64)
        return read_image(folder / chosen[number]), array, landmarks.scheme

    if random_features:
        network, provenance = random_vgg19(seed), name_of_random(seed)
    else:
        network, provenance = load_vgg19(None, weights_dir), name_of_official()
    place = make_fabric(device, "float32").device

    def faces() -> Iterator[Face]:
        with track("learn", len(chosen), console) as tick:
            for number in range(len(chosen)):
                yield face(number)
                tick()

    trained = train_dictionary(
        faces(), Relu34(network).to(place), entries, seed, provenance, device=place, note=console.print
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_dictionary(out, trained.dictionary)
    write_image(picture, np.asarray(dictionary_sheet(trained.nearest, face)))
    return picture
