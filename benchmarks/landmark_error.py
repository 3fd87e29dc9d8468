"""How far found landmarks are from hand-placed ones: in photographs, in aligned, degraded and restored faces.

    python benchmarks/landmark_error.py LANDMARKS_JSON PHOTO_ROOT --landmarks-by dlib --seed 0 [--coarse RUN]

LANDMARKS_JSON is as for cut_faces.py, with 29 points (LFPW order). Compared are the four corners of the eyes and the
two of the mouth, which LFPW's and iBUG's schemes have in common; the error is the mean distance over the distance of
the outer corners of the eyes. Aligned faces are cut by the hand-placed points, degraded ones with the preset `full`,
and --coarse adds the output of a network's first iteration on these. In aligned faces the box is fixed, so all are
found.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mfps.degradation.presets import Degradation, degradation_rng
from mfps.errors import MfpsError
from mfps.images.image import read_image
from mfps.images.tensors import images_to_tensor, to_uint8
from mfps.inference.exported_network import ExportedNetwork
from mfps.inference.open_runnable import open_runnable
from mfps.priors.landmarks.alignment import align_face
from mfps.priors.landmarks.detector import LandmarkDetector, open_detector

SCHEME = "lfpw29"
SHARED = {36: 8, 39: 10, 42: 11, 45: 9, 48: 22, 54: 23}
"""The points of ibug68 at the same place as one of lfpw29: corners of the eyes and of the mouth."""


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("landmarks", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--landmarks-by", choices=("auto", "fan", "dlib"), default="auto")
    parser.add_argument("--weights-dir", type=Path)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--coarse", type=Path, help="run folder or weights file")
    given = parser.parse_args()
    errors: dict[str, list[float | None]] = {}
    try:
        for what, error in landmark_errors(given):
            errors.setdefault(what, []).append(error)
    except MfpsError as error:
        sys.exit(f"error: {error}")
    print("| landmarks found in | mean | median | found |")
    print("|---|---|---|---|")
    for what, found in errors.items():
        there = [100 * error for error in found if error is not None] or [np.nan]
        count = sum(error is not None for error in found)
        print(f"| {what} | {np.mean(there):.2f} % | {np.median(there):.2f} % | {count} of {len(found)} |")


def landmark_errors(given: argparse.Namespace) -> Iterator[tuple[str, float | None]]:
    """For every face, where its landmarks were found, and their error; None where no face was found."""
    items = json.loads(given.landmarks.read_text(encoding="utf-8"))["items"][: given.limit]
    where = (given.landmarks_by, "cpu", given.weights_dir)
    whole, aligned = open_detector(*where, aligned=False), open_detector(*where, aligned=True)
    opened = open_runnable(given.coarse, None, "torch") if given.coarse else None
    network = None if opened is None or isinstance(opened, ExportedNetwork) else opened.restorer.eval()
    degradation = Degradation.parse("full")
    for item in items:
        image, points = read_image(given.photos / item["image"]), np.array(item["points"], np.float64)
        yield "clean photograph", landmark_error(whole, image, points)
        face, placed = align_face(image, points, SCHEME, given.size)
        yield f"clean aligned, {given.size} px", landmark_error(aligned, face, placed)
        degraded = degradation.apply(face, degradation_rng(given.seed, 0, Path(item["image"]).name))
        yield "degraded (`full`)", landmark_error(aligned, degraded, placed)
        if network is not None:
            with torch.no_grad():
                coarse = network(images_to_tensor([degraded]), None, 1)[0].float().clamp(0, 1)
            yield "coarse output", landmark_error(aligned, to_uint8(coarse.numpy())[0], placed)


def landmark_error(detector: LandmarkDetector, picture: np.ndarray, true: np.ndarray) -> float | None:
    """The error of the face nearest to the hand-placed points, over the distance of the eyes.

    None if there is none within half that distance: another person was found, or nobody.
    """
    wanted = true[list(SHARED.values())]
    eyes = np.linalg.norm(true[SHARED[36]] - true[SHARED[45]])
    found = (face.points[list(SHARED)] for face in detector.detect(picture))
    nearest = min((float(np.linalg.norm(points - wanted, axis=1).mean() / eyes) for points in found), default=np.inf)
    return nearest if nearest < 0.5 else None


if __name__ == "__main__":
    main()
