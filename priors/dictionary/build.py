"""Building a facial dictionary from a data folder, with a picture of what its entries look like."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console

from ...engine.device import choose_device
from ...engine.progress import track
from ...errors import MfpsError
from ...files.atomic_folder import check_writable
from ...images.image import read_image, write_image
from ...images.lists import find_images, image_folder, read_list
from ...networks.vgg19 import load_vgg19
from ..landmarks.landmark_file import LANDMARK_FILE, read_landmarks
from .config import DictionaryConfig
from .dictionary_file import write_dictionary
from .features import Relu34, name_of_official, name_of_random, random_vgg19
from .sheet import dictionary_sheet
from .training import Face, train_dictionary


def build_dictionary(config: DictionaryConfig, console: Console | None = None) -> Path:
    """Train a dictionary on the faces of a data folder and write it, and its picture beside it.

    Args:
        config: the faces, and how large the dictionary becomes.
        console: where progress is shown; by default nowhere.

    Returns:
        The picture's file.

    Raises:
        MfpsError: something given cannot be used.
    """
    console = console or Console(quiet=True)
    data, out = config.data, config.out
    picture = out.with_suffix(".png")
    if out.suffix != ".safetensors":
        raise MfpsError(f"{out}: a dictionary file ends in .safetensors; give such a name for `out`")
    for file in (out, picture):
        if file.exists():
            raise MfpsError(f"{file}: exists already, and nothing is overwritten; give another name for `out`")
    check_writable(out.parent)
    folder = image_folder(data)
    chosen = find_images(folder) if config.list is None else read_list(config.list, data)
    landmarks = read_landmarks(data / "priors" / LANDMARK_FILE)
    if missing := [name for name in chosen if name not in landmarks.faces]:
        raise MfpsError(f"{data}: {len(missing)} of {len(chosen)} faces have no landmarks, first {missing[0]}")

    def face(number: int) -> Face:
        points = landmarks.faces[chosen[number]].points
        array = np.array([(np.nan, np.nan) if point is None else point for point in points], np.float64)
        return read_image(folder / chosen[number]), array, landmarks.scheme

    if config.random_features:
        network, provenance = random_vgg19(config.seed), name_of_random(config.seed)
    else:
        network, provenance = load_vgg19(None, config.weights_dir), name_of_official()
    place = choose_device(config.device)

    def faces() -> Iterator[Face]:
        with track("learn", len(chosen), console) as tick:
            for number in range(len(chosen)):
                yield face(number)
                tick()

    trained = train_dictionary(
        faces(), Relu34(network).to(place), config.entries, config.seed, provenance, device=place, note=console.print
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_dictionary(out, trained.dictionary)
    write_image(picture, np.asarray(dictionary_sheet(trained.nearest, face)))
    return picture
