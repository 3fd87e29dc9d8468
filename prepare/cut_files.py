"""One photograph of a folder cut into files: its faces and their label maps, and the journal's entry for it."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import MfpsError
from ..files.hashes import sha256_of
from ..images.image import image_size, read_image, write_image
from ..priors.landmarks.detector import LandmarkDetector
from ..priors.landmarks.landmark_file import points_list
from ..priors.parsing.kind import PARSING
from ..priors.parsing.label_maps import write_label_map
from .config import PrepareConfig
from .cutting import CutRules, cut_labels, cut_photograph
from .given_labels import given_labels

UNREAD = {"read": False}
"""In the journal's entry of a photograph that the system did not let read, or its labels: it is tried again."""


def cut_to_files(
    name: str, points: Sequence[np.ndarray], folder: Path, config: PrepareConfig, scheme: str
) -> tuple[str, dict[str, Any]]:
    """Cut one photograph, write its faces (and given label maps), and return what was done.

    Args:
        name: the photograph.
        points: landmarks (K, 2) of each of its faces, in its pixels.
        folder: the photographs.
        config: the settings.
        scheme: the landmarks' scheme.

    Returns:
        The name, and the journal's entry: `sha256` of the photograph, `faces`, `dropped`, `size` in pixels of an
        aligned face that was kept, and `UNREAD` where it is so.

    Raises:
        MfpsError: a file cannot be written.
    """
    return name, _cut(name, lambda _: points, folder, config, scheme)


def cut_detected(
    name: str, folder: Path, config: PrepareConfig, detector: LandmarkDetector, scheme: str
) -> tuple[str, dict[str, Any]]:
    """Find the faces of one photograph and cut it, like `cut_to_files`.

    Args:
        name: the photograph.
        folder: the photographs.
        config: the settings.
        detector: finds the faces.
        scheme: scheme of the landmarks that it finds.

    Raises:
        MfpsError: a file cannot be written.
    """

    def find(image: np.ndarray) -> list[np.ndarray]:
        searched, corner = image, np.zeros(2)
        if config.aligned:
            height, width = image.shape[:2]
            side = min(height, width)
            left, top = (width - side) // 2, (height - side) // 2
            searched, corner = np.ascontiguousarray(image[top : top + side, left : left + side]), np.array([left, top])
        return [face.points + corner for face in detector.detect(searched)]

    return name, _cut(name, find, folder, config, scheme)


def _cut(
    name: str,
    points_in: Callable[[np.ndarray], Sequence[np.ndarray]],
    folder: Path,
    config: PrepareConfig,
    scheme: str,
) -> dict[str, Any]:
    """Cut a photograph at the landmarks that `points_in` returns for its pixels; returns the journal's entry."""
    rules = CutRules(config.size, config.aligned, config.least_side or config.size)
    try:
        image = read_small_enough(folder / name, config.max_megapixels)
    except MfpsError as error:
        return dropped_entry(folder / name, error)
    points = points_in(image)  # what the detector refuses is not a reason to drop a photograph
    height, width = image.shape[:2]
    try:
        labels = given_labels(config, name)
        cut = cut_photograph(image, name, points, scheme, rules)
    except MfpsError as error:
        return dropped_entry(folder / name, error)
    faces = []
    for face in cut.faces:
        if labels is not None:
            label_file = PARSING.file_of(config.out, face.name)
            label_file.parent.mkdir(parents=True, exist_ok=True)
            write_label_map(label_file, cut_labels(labels, (width, height), face.matrix, config.size))
        target = config.out / "images" / face.name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_image(target, face.image)
        faces.append({"name": face.name, "points": None if face.points is None else points_list(face.points)})
    entry = {"sha256": digest_of(folder / name), "faces": faces, "dropped": list(cut.dropped)}
    return entry | ({"size": [width, height]} if config.aligned and faces else {})


def read_small_enough(file: Path, max_megapixels: float) -> np.ndarray:
    """Read a photograph unless it is too large, which is checked before it is decoded.

    Args:
        file: the photograph.
        max_megapixels: the limit.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        MfpsError: it is too large or cannot be read.
    """
    width, height = image_size(file)
    if width * height > max_megapixels * 1e6:
        raise MfpsError(
            f"too large: {width * height / 1e6:.3g} megapixels are more than `max_megapixels` {max_megapixels:g}"
        )
    return read_image(file, max_pixels=width * height)


def dropped_entry(file: Path, reason: MfpsError) -> dict[str, Any]:
    """The journal's entry for a photograph of which nothing is kept.

    Args:
        file: the photograph.
        reason: why nothing is kept.
    """
    entry = {"sha256": digest_of(file), "faces": [], "dropped": [str(reason).removeprefix(f"{file}: ")]}
    return entry | (UNREAD if _is_systems(reason) else {})


def _is_systems(error: BaseException | None) -> bool:
    """Whether an error is the system's, or was raised because of one."""
    if error is None or (isinstance(error, OSError) and error.errno is not None):
        return error is not None  # Pillow's errors about what a file holds are OSErrors without a number
    return _is_systems(error.__cause__ or error.__context__)


def start_worker() -> None:
    """Settings of a process that cuts photographs: no threads, as several run side by side, and quiet.

    Ctrl-C reaches every process, and the main one ends the run.
    """
    # Not 1: a forked process would then wait for threads that it does not have.
    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def digest_of(file: Path) -> str | None:
    """The SHA-256 of a photograph; None if it cannot be read."""
    try:
        return sha256_of(file)
    except OSError:
        return None
