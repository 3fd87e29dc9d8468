"""Drawn faces: an endless data set with exact landmarks and label maps, for tests, demonstrations and first steps.

Picture, landmarks and labels are made from the same curves, so the priors are true by construction. The faces are
cartoons; a network trained on them restores cartoons.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import MfpsError
from ..files.atomic_file import write_atomically
from ..images.image import write_image
from ..images.lists import list_text
from ..priors.landmarks.kind import HEATMAP
from ..priors.landmarks.landmark_file import LANDMARK_FILE, write_landmarks
from ..priors.parsing.kind import PARSING
from ..priors.parsing.label_maps import write_label_map
from .canvas import Canvas
from .features import (
    draw_skin_tone,
    paint_brows,
    paint_eyes,
    paint_glasses,
    paint_mouth,
    paint_nose,
    paint_skin,
)
from .shape import draw_pose, draw_shape
from .surroundings import (
    draw_hair,
    paint_background,
    paint_ears,
    paint_hair_behind,
    paint_hair_front,
    paint_hat,
    paint_neck_and_cloth,
)

CANVAS_PX = 512
"""A face is painted on at least this many pixels a side and then averaged down, to smooth its edges."""


DRAWN_PRIORS = (PARSING.name, HEATMAP.name)
"""Priors that are drawn together with a face. Any other is found in its picture, as in a photograph."""


@dataclass(frozen=True)
class DrawnFace:
    """One drawn face and the truth about it."""

    image: np.ndarray
    """uint8 (size, size, 3) RGB."""
    points: np.ndarray
    """float64 (68, 2), iBUG order, x and y in pixels, 0 at the centre of the first pixel."""
    labels: np.ndarray
    """uint8 (size, size), CelebAMask-HQ classes."""


def draw_face(rng: np.random.Generator, size: int) -> DrawnFace:
    """Draw one face.

    Args:
        rng: chooses everything about the face; equal generators draw equal faces.
        size: side of the picture in pixels.

    Raises:
        MfpsError: the size is not positive.
    """
    if size < 1:
        raise MfpsError(f"size {size}: a drawn face needs at least one pixel")
    supersampling = max(2, -(-CANVAS_PX // size))
    shape, pose = draw_shape(rng), draw_pose(rng)
    tone, hair = draw_skin_tone(rng), draw_hair(rng)
    canvas = Canvas(size * supersampling, pose)
    paint_background(canvas, rng)
    paint_hair_behind(canvas, shape, hair, rng)
    paint_neck_and_cloth(canvas, shape, tone, rng)
    paint_ears(canvas, shape, tone, rng)
    paint_skin(canvas, shape, tone, rng)
    paint_nose(canvas, shape, tone, rng)
    paint_mouth(canvas, shape, tone, rng)
    paint_eyes(canvas, shape, tone, rng)
    paint_brows(canvas, shape, hair.colour, rng)
    paint_hair_front(canvas, shape, hair, rng)
    if rng.random() < 0.08 and hair.style != "bun":
        paint_hat(canvas, shape, rng)
    if rng.random() < 0.2:
        paint_glasses(canvas, shape, rng)
    picture = np.clip(canvas.image, 0, 255)
    image = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    middle = supersampling // 2
    labels = np.ascontiguousarray(canvas.labels[middle::supersampling, middle::supersampling])
    return DrawnFace(np.rint(image).astype(np.uint8), pose.place(shape.landmarks()) * size - 0.5, labels)


def write_drawn_faces(folder: str | Path, count: int, size: int, seed: int, val: int = 0, test: int = 0) -> None:
    """Write a data folder of drawn faces: `images`, `priors` and the lists `train.txt`, `val.txt`, and `test.txt`.

    Equal arguments write equal bytes; face number i depends on the seed and i alone.

    Args:
        folder: the folder to write; created if missing.
        count: number of faces in all.
        size: side of the pictures in pixels.
        seed: chooses the faces.
        val: how many of them go to `val.txt` instead of `train.txt`.
        test: how many, the last ones, go to `test.txt`, which is not written if there are none.

    Raises:
        MfpsError: the numbers do not fit, or the folder cannot be written to.
    """
    if count < 1 or min(val, test) < 0 or val + test > count:
        raise MfpsError(
            f"{count} faces, {val} of them for validation and {test} for the test: draw at least one, and not fewer "
            "than those"
        )
    if seed < 0:
        raise MfpsError(f"seed is {seed}: a seed must not be negative, give 0 or a greater integer")
    folder = Path(folder)
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        (folder / "priors" / PARSING.name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MfpsError(f"{folder}: cannot be written ({error.strerror}); choose another folder") from error
    digits = max(len(str(count - 1)), 4)
    names = [f"{number:0{digits}d}.png" for number in range(count)]
    points = {}
    for number, name in enumerate(names):
        face = draw_face(np.random.default_rng((seed, number)), size)
        write_image(folder / "images" / name, face.image)
        write_label_map(PARSING.file_of(folder, name), face.labels)
        points[name] = ((size, size), face.points)
    write_landmarks(folder / "priors" / LANDMARK_FILE, "ibug68", points)
    train = count - val - test
    lists = {"train.txt": names[:train], "val.txt": names[train : train + val], "test.txt": names[train + val :]}
    for listed, chosen in lists.items():
        if chosen or listed != "test.txt":
            write_atomically(folder / listed, list_text(chosen))
