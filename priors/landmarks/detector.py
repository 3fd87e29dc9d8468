"""What finds landmarks in pictures: the interface that FAN (fan_landmarks.py) and dlib (dlib_landmarks.py) implement.

Coordinates are x, y in pixels, 0 at the centre of the first pixel.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from ...errors import MfpsError
from ...files.external_weights import at_hand

MIN_FACE_PX = 16
"""A detected face whose box has a shorter side is ignored: it is too small to place 68 points on."""

SEARCH_PX = 1280
"""Faces are searched in a picture of at most this side; a larger picture is scaled down for the search only:
points are placed in the original."""

FIXED_BOX = "a fixed box in aligned faces"
"""How a record says that no face was searched."""


@dataclass(frozen=True, eq=False)
class DetectedFace:
    """One face found in a picture.

    Attributes:
        points: float64 (68, 2), x and y in pixels, 0 at the centre of the first pixel, in the order of `ibug68`.
        score: how certain the detector is. FAN: mean height of the peaks of its heatmaps, near 1 where it is certain,
            near 0 where there is no face. dlib: how far its search was above its threshold, from 0 to 1
            (`dlib_landmarks.share_of_margin`), NaN in an aligned face, where it searches nothing. Only scores of the
            same detector can be compared.
        box: left, top, right and bottom in pixels; it may extend beyond the picture.
    """

    points: np.ndarray
    score: float
    box: tuple[float, float, float, float]


@runtime_checkable
class LandmarkDetector(Protocol):
    """Finds the 68 landmarks of faces."""

    one_core: bool
    """It computes on one core of the CPU, so that several processes find faces side by side, each with its own copy
    (it can be pickled). Otherwise it uses all cores or a GPU itself."""

    def detect(self, image: np.ndarray) -> list[DetectedFace]:
        """Find the landmarks of all faces in a picture; in an aligned picture, of its one face.

        Args:
            image: uint8 (H, W, 3), RGB; square if it is aligned.

        Returns:
            The faces, the most certain first; empty if none is found. On the CPU, the same picture
            gives the same faces.

        Raises:
            MfpsError: the picture has a wrong shape or type.
        """
        ...

    def provenance(self) -> dict[str, str]:
        """Which network this is, the SHA-256 of its weights, how it knows where a face is, the library's version."""
        ...


def check_picture(image: np.ndarray, aligned: bool) -> None:
    """Raise an MfpsError unless landmarks can be searched in a picture; see `LandmarkDetector.detect`.

    Args:
        image: the picture.
        aligned: it is one aligned face.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise MfpsError(f"landmarks need a picture uint8 (H, W, 3), not {image.dtype} {image.shape}")
    if aligned and image.shape[0] != image.shape[1]:
        height, width = image.shape[:2]
        raise MfpsError(f"an aligned face must be a square picture, not {width} x {height} pixels; align or crop it")


def fixed_box(box_512: tuple[float, float, float, float], size: int) -> np.ndarray:
    """A box of an aligned face in a picture of another side, float64 (4,): left, top, right and bottom.

    Args:
        box_512: the box in a picture of 512 pixels.
        size: side of the picture.
    """
    return (np.array(box_512) + 0.5) * (size / 512) - 0.5


def chosen_detector(by: str, weights_dir: Path | None = None, aligned: bool = False) -> str:
    """Which detector a choice means here: `fan` or `dlib`.

    `auto` is FAN where its weights are at hand without a download, else dlib where it is installed with its weights,
    else FAN, whose weights are then downloaded.

    Args:
        by: auto, fan or dlib.
        weights_dir: a folder with the weights files.
        aligned: the pictures are aligned faces, for which FAN needs no S3FD.
    """
    if by != "auto":
        return by
    needed = ("fan",) if aligned else ("fan", "s3fd")
    if all(at_hand(name, weights_dir) for name in needed):
        return "fan"
    return "dlib" if find_spec("dlib") is not None and at_hand("dlib landmarks", weights_dir) else "fan"


def is_at_hand(weights_dir: Path | None = None) -> bool:
    """Whether some detector can search faces without a download.

    Args:
        weights_dir: a folder with the weights files.
    """
    return chosen_detector("auto", weights_dir) == "dlib" or all(at_hand(one, weights_dir) for one in ("fan", "s3fd"))


def open_detector(
    by: str = "auto",
    device: str = "cpu",
    weights_dir: Path | None = None,
    aligned: bool = False,
    download: bool = True,
) -> LandmarkDetector:
    """Open a detector of landmarks.

    Args:
        by: auto, fan or dlib; see `chosen_detector`.
        device: auto, cpu, cuda or cuda:N. dlib computes on the CPU in any case.
        weights_dir: a folder with the weights files; see `files.external_weights.find_weights`.
        aligned: every picture is one face, aligned as FFHQ's are: its box is known, and nothing is searched.
        download: whether missing weights are downloaded.

    Raises:
        MfpsError: weights or dlib are missing, weights are not the published ones, or there is no such device.
    """
    if chosen_detector(by, weights_dir, aligned) == "dlib":
        from .dlib_landmarks import DlibLandmarks

        return DlibLandmarks(weights_dir, aligned)
    from .fan_landmarks import FanLandmarks

    try:
        return FanLandmarks(device, weights_dir, aligned, download)
    except MfpsError as error:
        if by == "auto" and not at_hand("fan", weights_dir):
            raise MfpsError(f"{error}; or run `pip install 'mfps[faces]'`, and dlib finds landmarks instead") from None
        raise
