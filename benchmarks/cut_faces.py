"""Cut aligned faces out of photographs with 29 landmarks (LFPW order) and write them as a data folder.

    python benchmarks/cut_faces.py LANDMARKS_JSON PHOTO_ROOT OUT --size 128 --val 40 --test 40 --seed 0

LANDMARKS_JSON holds {"items": [{"image": ..., "size": [W, H], "points": [[x, y], ...]}, ...]}, images relative to
PHOTO_ROOT. OUT gets images/, priors/landmarks.json and the lists train.txt, val.txt and test.txt.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from mfps.errors import MfpsError
from mfps.images.image import read_image, write_image
from mfps.priors.landmarks.alignment import align_face
from mfps.priors.landmarks.landmark_file import write_landmarks

SCHEME = "lfpw29"


def main() -> None:
    """Read the arguments and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("landmarks", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--val", type=int, default=40)
    parser.add_argument("--test", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        count = cut_faces(given.landmarks, given.photos, given.out, given.size, given.val, given.test, given.seed)
    except MfpsError as error:
        sys.exit(f"error: {error}")
    print(f"{count} faces in {given.out}")


def cut_faces(landmarks: Path, photos: Path, out: Path, size: int, val: int, test: int, seed: int) -> int:
    """Cut every face and split the names at random; returns how many there are."""
    items = json.loads(landmarks.read_text(encoding="utf-8"))["items"]
    if val + test >= len(items):
        raise MfpsError(f"{val} + {test} faces for validation and test leave none of {len(items)} to train on")
    (out / "images").mkdir(parents=True, exist_ok=True)
    (out / "priors").mkdir(exist_ok=True)
    faces = {}
    for item in items:
        face, points = align_face(read_image(photos / item["image"]), np.array(item["points"]), SCHEME, size)
        name = f"{Path(item['image']).stem}.png"
        write_image(out / "images" / name, face)
        faces[name] = ((size, size), points)
    write_landmarks(out / "priors" / "landmarks.json", SCHEME, faces)
    names = [str(name) for name in np.random.default_rng(seed).permutation(sorted(faces))]
    lists = {"test": names[:test], "val": names[test : test + val], "train": names[test + val :]}
    for name, listed in lists.items():
        (out / f"{name}.txt").write_text("".join(f"{entry}\n" for entry in sorted(listed)), encoding="utf-8")
    return len(faces)


if __name__ == "__main__":
    main()
