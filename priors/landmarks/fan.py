"""The package face-alignment with weights from given files: S3FD finds faces, FAN places 68 points on each.

Only the detector imports this, and only when it opens its networks, as the package and its numba take a second to
import.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from face_alignment import FaceAlignment, LandmarksType
from face_alignment.models import FAN

from ...networks.state_dict_file import read_state_dict


class CheckedFaceAlignment(FaceAlignment):
    """The package's detector with weights from given files; its own loading would download what isn't in torch's cache.

    Args:
        fan: FAN's weights.
        s3fd: S3FD's weights; None if no faces are searched.
        device: cpu, cuda or cuda:N.
    """

    def __init__(self, fan: Path, s3fd: Path | None, device: str) -> None:
        self._fan_file = fan
        with _keep_benchmark_mode():
            super().__init__(
                LandmarksType.TWO_D,
                device=device,
                face_detector="folder" if s3fd is None else "sfd",  # "folder" has no weights
                face_detector_kwargs=None if s3fd is None else {"path_to_detector": str(s3fd)},
                compile=False,
            )

    def _load_native(self, network_name: str, network_size: int, device: str, dtype: torch.dtype) -> FAN:
        network = FAN(network_size)
        network.load_state_dict(read_state_dict(self._fan_file))
        return network.to(device, dtype=dtype).eval()

    def search(self, image: np.ndarray, longest: int) -> list[np.ndarray]:
        """Find faces.

        Args:
            image: uint8 (H, W, 3), RGB.
            longest: a picture with a longer side is scaled down first.

        Returns:
            Left, top, right and bottom of each, in pixels of `image`.
        """
        height, width = image.shape[:2]
        shrink = min(1.0, longest / max(height, width))
        small = (max(round(width * shrink), 1), max(round(height * shrink), 1))
        searched = cv2.resize(image, small, interpolation=cv2.INTER_AREA) if shrink < 1 else image.copy()
        factors = np.array([width / small[0], height / small[1]] * 2)
        with _keep_benchmark_mode():
            found = self.face_detector.detect_from_image(searched)
        return [(np.asarray(box[:4], np.float64) + 0.5) * factors - 0.5 for box in found]

    def place(self, image: np.ndarray, box: np.ndarray, times: int) -> tuple[np.ndarray, float]:
        """Place the 68 points of a face.

        Args:
            image: uint8 (H, W, 3), RGB.
            box: left, top, right and bottom of the face, in its pixels.
            times: by how much it is enlarged first.

        Returns:
            float64 (68, 2), in pixels of `image`; and the mean height of the heatmaps' peaks, near 1 if the network
            is certain.
        """
        if times > 1:
            image = cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR)
        moved = (box + 0.5) * times - 0.5
        placed: Any = self.get_landmarks_from_image(image, [moved], return_landmark_score=True)
        points, scores, _ = placed
        # Heatmaps of the picture and of its mirror image have been summed.
        return (np.asarray(points[0], np.float64) + 0.5) / times - 0.5, float(np.mean(scores[0])) / 2


@contextmanager
def _keep_benchmark_mode() -> Iterator[None]:
    # The package turns cuDNN's benchmark mode on for the whole program, which makes equal runs differ.
    before = torch.backends.cudnn.benchmark
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
