import numpy as np
import pytest
from mfps.drawn.faces import draw_face
from mfps.images.photograph import Photograph, write_photograph
from mfps.priors.landmarks.detector import DetectedFace


class Stand:
    """Stands in for a detector: it knows photographs by their pixels, and has seen where their faces were drawn."""

    one_core = True

    def __init__(self):
        self.known = {}
        self.searched = 0

    def detect(self, image):
        self.searched += 1
        return list(self.known.get(image.tobytes(), ()))

    def provenance(self):
        return {"model": "a stand-in"}


def found(points, score=0.9):
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return DetectedFace(np.array(points, np.float64), score, (left, top, right, bottom))


@pytest.fixture
def detector():
    return Stand()


@pytest.fixture(scope="session")
def drawn():
    """`drawn(side, seed)`: a face, drawn once."""
    kept = {}

    def draw(side=48, seed=0):
        if (side, seed) not in kept:
            kept[side, seed] = draw_face(np.random.default_rng(seed), side)
        return kept[side, seed]

    return draw


@pytest.fixture
def album(tmp_path, detector, drawn):
    """`album(name, places)`: writes a photograph with drawn faces at these places (x, y, side), which the detector
    then finds; returns its pixels."""

    def write(name, places=(), extent=(100, 80), folder="album", **fields):
        width, height = extent
        ramp = np.linspace(40, 200, width)[None, :, None] + np.linspace(0, 40, height)[:, None, None]
        colour = np.rint(ramp + np.array([0.0, 5.0, 10.0])).astype(np.uint8)
        faces = []
        for seed, (x, y, side) in enumerate(places):
            face = drawn(side, seed)
            left, top, right, bottom = max(-x, 0), max(-y, 0), min(side, width - x), min(side, height - y)
            colour[y + top : y + bottom, x + left : x + right] = face.image[top:bottom, left:right]
            faces.append(found(face.points + np.array([x, y])))
        file = tmp_path / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        photograph = Photograph(colour, **fields)
        write_photograph(file, photograph, {"jpg": "jpg", "webp": "webp"}.get(name.rpartition(".")[2], "png"))
        if not name.endswith("jpg"):
            detector.known[photograph.srgb().tobytes()] = faces
        return colour

    return write
