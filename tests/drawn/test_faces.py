import numpy as np
import pytest
from mfps.drawn.faces import draw_face, write_drawn_faces
from mfps.errors import MfpsError
from mfps.priors.landmarks.landmark_file import read_landmarks
from mfps.priors.parsing.classes import CELEBAMASK_CLASSES
from PIL import Image


@pytest.fixture(scope="module", autouse=True)
def whole_canvas():
    """Draw on the full canvas, as users do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mfps.drawn.faces.CANVAS_PX", 512)
        yield


@pytest.fixture(scope="module")
def face():
    return draw_face(np.random.default_rng(3), 128)


def test_shapes(face):
    assert face.image.shape == (128, 128, 3)
    assert face.points.shape == (68, 2)
    assert face.labels.shape == (128, 128)
    assert face.labels.max() < len(CELEBAMASK_CLASSES)


def test_landmarks_lie_in_what_they_name(face):
    def labels_around(number):
        x, y = np.rint(face.points[number]).astype(int)
        return {CELEBAMASK_CLASSES[label] for label in face.labels[y - 1 : y + 2, x - 1 : x + 2].ravel()}

    assert all("r_brow" in labels_around(number) for number in range(18, 21))
    assert all("l_brow" in labels_around(number) for number in range(23, 26))
    assert all("nose" in labels_around(number) for number in range(28, 34))
    assert all("r_eye" in labels_around(number) for number in range(36, 42))
    assert all("l_eye" in labels_around(number) for number in range(42, 48))
    assert all(labels_around(number) & {"u_lip", "l_lip", "mouth"} for number in range(48, 68))
    assert all("skin" in labels_around(number) for number in range(6, 11))


def test_size_changes_neither_geometry_nor_look(face):
    large = draw_face(np.random.default_rng(3), 256)
    assert np.allclose((large.points + 0.5) / 2, face.points + 0.5)
    assert (large.labels[::2, ::2] == face.labels).mean() > 0.97
    assert np.abs(large.image.reshape(128, 2, 128, 2, 3).mean((1, 3)) - face.image).mean() < 4


def test_faces_vary():
    images = [draw_face(np.random.default_rng(seed), 16).image.astype(int) for seed in range(4)]
    assert min(np.abs(a - b).mean() for i, a in enumerate(images) for b in images[:i]) > 5


def test_equal_seeds_write_equal_bytes(tmp_path):
    for folder in ("one", "two"):
        write_drawn_faces(tmp_path / folder, 2, 24, seed=4, val=1)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) == 2 + 2 + 1 + 2
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)
    assert (tmp_path / "one" / "val.txt").read_text() == "0001.png\n"
    assert read_landmarks(tmp_path / "one" / "priors" / "landmarks.json").scheme == "ibug68"
    with Image.open(tmp_path / "one" / "priors" / "parsing" / "0000.png") as label_map:
        assert label_map.mode == "P"


def test_numbers_that_do_not_fit(tmp_path):
    with pytest.raises(MfpsError, match="draw at least one"):
        write_drawn_faces(tmp_path, 2, 16, seed=0, val=3)
