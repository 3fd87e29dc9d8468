"""Build a facial dictionary from a data folder, with a picture of its entries."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from ...engine.device import choose_device
from ...engine.progress import track
from ...engine.terminal import say
from ...errors import MfpsError
from ...files.atomic_folder import atomic_files, check_writable, clear_leftovers
from ...files.boundary import Boundary
from ...images.image import read_image, write_image
from ...images.lists import find_images, image_folder, read_list
from ..landmarks.landmark_file import LANDMARK_FILE, points_array, read_landmarks
from .config import DictionaryConfig
from .dictionary_file import write_dictionary
from .features import official_features, official_name, random_features, random_name
from .sheet import dictionary_sheet
from .training import Face, train_dictionary


def build_dictionary(config: DictionaryConfig, console: Console | None = None) -> Path:
    """Train a dictionary on the faces of a data folder; write it, with a picture of its entries beside it.

    Args:
        config: which faces, and how large a dictionary.
        console: where progress is shown; None shows nothing.

    Returns:
        The path of the picture.

    Raises:
        MfpsError: an input cannot be used.
    """
    console = console or Console(quiet=True)
    data, out = config.data, config.out
    picture = out.with_suffix(".png")
    if out.suffix != ".safetensors":
        raise MfpsError(f"{out}: a dictionary file ends in .safetensors; choose such a name for `out`")
    clear_leftovers(out.parent, out.name)
    for file in (out, picture):
        if file.exists():
            raise MfpsError(f"{file}: already exists, and nothing is overwritten; choose another name for `out`")
    check_writable(out.parent)
    links = config.follow_links
    folder = image_folder(data, links)
    chosen = find_images(folder, links) if config.list is None else read_list(config.list, data, links)
    Boundary(data, links).check(data / "priors" / LANDMARK_FILE)
    landmarks = read_landmarks(data / "priors" / LANDMARK_FILE)
    if missing := [name for name in chosen if name not in landmarks.faces]:
        raise MfpsError(f"{data}: {len(missing)} of {len(chosen)} faces have no landmarks, first {missing[0]}")

    def face(number: int) -> Face:
        name = chosen[number]
        return read_image(folder / name), points_array(landmarks.faces[name].points), landmarks.scheme

    if config.random_features:
        features, provenance = random_features(config.features, config.seed), random_name(config.features, config.seed)
    else:
        features = official_features(config.features, config.weights_dir, config.vgg16)
        provenance = official_name(config.features)
    place = choose_device(config.device)

    def faces() -> Iterator[Face]:
        with track("learn", len(chosen), console) as tick:
            for number in range(len(chosen)):
                yield face(number)
                tick()

    trained = train_dictionary(
        faces(),
        features.to(place),
        config.entries,
        config.seed,
        provenance,
        device=place,
        note=partial(say, console),
    )
    with atomic_files(out.parent, out.name) as unfinished:
        write_dictionary(unfinished / out.name, trained.dictionary)
        write_image(unfinished / picture.name, np.asarray(dictionary_sheet(trained.nearest, face)))
    return picture
