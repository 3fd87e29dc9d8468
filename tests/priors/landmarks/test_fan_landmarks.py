import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from face_alignment.detection.sfd.net_s3fd import s3fd
from face_alignment.models import FAN
from mfps.files import external_weights
from mfps.files.external_weights import WEIGHTS, weights_of
from mfps.files.hashes import sha256_of
from mfps.priors.landmarks.alignment import TEMPLATE_512, alignment, five_points
from mfps.priors.landmarks.detector import SEARCH_PX, fixed_box
from mfps.priors.landmarks.fan_landmarks import ALIGNED_BOX_512, FanLandmarks
from mfps.priors.landmarks.formats import read_given_landmarks


def save(network, file):
    # As the published files: torch's format before 1.6, from when batch norm did not count its batches.
    state = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    torch.save(state, file, _use_new_zipfile_serialization=False)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A weights folder with a random FAN, and an S3FD that sees one large face everywhere; and their entries."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    save(FAN(4), folder / weights_of("fan").file)
    detector = s3fd()
    with torch.no_grad():
        for name, parameter in detector.named_parameters():
            parameter.zero_()
            if name.endswith("conf.bias"):  # background, but for the coarsest layer
                parameter[-1] = 5.0 if name.startswith("conv7_2") else -5.0
    save(detector, folder / weights_of("s3fd").file)
    entries = tuple(
        dataclasses.replace(entry, sha256=sha256_of(folder / entry.file)) if (folder / entry.file).is_file() else entry
        for entry in WEIGHTS
    )
    return folder, entries


@pytest.fixture
def folder(weights, monkeypatch):
    """The weights folder, whose files count as the published ones; there is no hub cache and no network."""

    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(external_weights, "WEIGHTS", weights[1])
    monkeypatch.setattr(external_weights.urllib.request, "urlopen", no_network)
    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    monkeypatch.setenv("TORCH_HOME", str(weights[0] / "empty"))
    monkeypatch.delenv(external_weights.FOLDER_VARIABLE, raising=False)
    return weights[0]


class BrightestPoint(torch.nn.Module):
    """Stands in for FAN: all landmarks are where the picture is bright."""

    def forward(self, crops):
        return [F.avg_pool2d(crops.mean(1, keepdim=True), 4).expand(-1, 68, -1, -1).clone()]


def picture_with_dot(height, width, x, y, radius):
    rows, columns = np.mgrid[:height, :width]
    dot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius**2))
    return np.repeat(np.rint(dot).astype(np.uint8)[..., None], 3, 2)


def test_the_checked_weights_of_an_aligned_face(folder):
    detector = FanLandmarks("cpu", folder, aligned=True)
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    (first,), (second,) = detector.detect(image), detector.detect(image)
    assert first.points.shape == (68, 2)
    assert first.points.dtype == np.float64
    assert np.array_equal(first.points, second.points)
    assert (first.score, first.box) == (second.score, second.box)
    assert first.box == pytest.approx(fixed_box(ALIGNED_BOX_512, 64).tolist())
    assert len(np.unique(first.points, axis=0)) > 10
    saved = torch.load(folder / weights_of("fan").file, weights_only=True)
    state = detector._aligner.face_alignment_net.state_dict()
    assert all(torch.equal(state[key], value) for key, value in saved.items())


@pytest.mark.parametrize("size", [128, 512])
def test_landmarks_are_where_the_picture_says(folder, size):
    detector = FanLandmarks("cpu", folder, aligned=True)
    detector._aligner.face_alignment_net = BrightestPoint()
    places = np.random.default_rng(0).uniform(0.2, 0.85, (20, 2)) * size
    found = [detector.detect(picture_with_dot(size, size, x, y, size / 40))[0].points for x, y in places]
    errors = np.array(found) - places[:, None]
    # A cell of FAN's 64 x 64 heatmap is 9 pixels at 512, and its peak is known to a quarter of one.
    assert np.abs(errors).max() < 5 * size / 512
    assert np.abs(errors.mean((0, 1))).max() < 1.5 * size / 512


def test_faces_are_searched_and_placed_in_the_large_picture(folder):
    detector = FanLandmarks("cpu", folder)
    detector._aligner.face_alignment_net = BrightestPoint()
    side = 2 * SEARCH_PX
    detector._aligner.face_detector.detect_from_image = lambda image: [
        np.array([400, 300, 450, 360, 0.9]) * image.shape[0] / SEARCH_PX,
        np.array([10, 10, 14, 40, 0.8]),  # too narrow
    ]
    (face,) = detector.detect(picture_with_dot(side, side, 851, 640, 4))
    assert face.box == pytest.approx((800.5, 600.5, 900.5, 720.5))
    assert np.abs(face.points - [851, 640]).max() < 2


def test_s3fd_finds_a_face_or_none(folder):
    detector = FanLandmarks("cpu", folder)
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    (face,) = detector.detect(image)
    assert face.points.shape == (68, 2)
    assert face.box[2] - face.box[0] == pytest.approx(512)  # four times the coarsest layer's stride
    with torch.no_grad():
        detector._aligner.face_detector.face_detector.conv7_2_mbox_conf.bias[1] = -5
    assert detector.detect(image) == []


def test_pictures_that_are_refused(folder, refused):
    detector = FanLandmarks("cpu", folder, aligned=True)
    with refused("an aligned face must be a square picture, not 64 x 32 pixels"):
        detector.detect(np.zeros((32, 64, 3), np.uint8))
    for image in (np.zeros((32, 32, 3), np.float32), np.zeros((32, 32), np.uint8), np.zeros((0, 0, 3), np.uint8)):
        with refused("landmarks need a picture uint8"):
            detector.detect(image)


def test_weights_that_are_refused(folder, tmp_path, refused):
    file = tmp_path / weights_of("fan").file
    with refused("the fan weights cannot be downloaded .no network.: download https"):
        FanLandmarks("cpu", tmp_path, aligned=True)
    with refused("no fan weights at"):
        FanLandmarks("cpu", tmp_path, aligned=True, download=False)
    file.write_bytes(b"\n<!DOCTYPE html><html>")
    with refused("not the fan weights .a web page."):
        FanLandmarks("cpu", tmp_path, aligned=True)
    file.write_bytes(b"other")
    with refused("not the fan weights .SHA-256"):
        FanLandmarks("cpu", tmp_path, aligned=True)
    file.unlink()
    file.symlink_to(folder / file.name)
    with refused("no s3fd weights at"):
        FanLandmarks("cpu", tmp_path, download=False)
    with refused("unknown device"):
        FanLandmarks("tpu", folder, aligned=True)


def test_a_file_with_the_right_hash_that_is_not_fan(folder, tmp_path, refused, monkeypatch):
    file = tmp_path / weights_of("fan").file
    torch.save({"conv1.weight": torch.zeros(1)}, file)
    entries = tuple(
        dataclasses.replace(entry, sha256=sha256_of(file)) if entry.name == "fan" else entry for entry in WEIGHTS
    )
    monkeypatch.setattr(external_weights, "WEIGHTS", entries)
    with refused("cannot be loaded .Error.* in loading state_dict for FAN.*install face-alignment"):
        FanLandmarks("cpu", tmp_path, aligned=True)


def test_the_box_holds_the_template():
    left, top, right, bottom = ALIGNED_BOX_512
    assert left + right == 511  # the middle of the picture
    assert ([left, top] < TEMPLATE_512).all()
    assert ([right, bottom] > TEMPLATE_512).all()
    assert fixed_box(ALIGNED_BOX_512, 512) == pytest.approx(ALIGNED_BOX_512)
    assert fixed_box(ALIGNED_BOX_512, 1024) == pytest.approx(2 * fixed_box(ALIGNED_BOX_512, 512) + 0.5)


@pytest.mark.faces
def test_the_box_is_where_the_points_of_real_faces_are(annotated):
    names = ("dlib68/testing_with_face_landmarks.xml", "dlib68/training_with_face_landmarks.xml", "menpo68")
    faces = [face.points for name in names for face in read_given_landmarks(annotated(name)).faces]
    boxes = []
    for points in faces:
        matrix = alignment(points, "ibug68", 512)
        moved = points @ matrix[:, :2].T + matrix[:, 2]
        assert np.abs(five_points(moved, "ibug68") - TEMPLATE_512).max() < 80
        boxes.append([*moved.min(0), *moved.max(0)])
    assert len(boxes) == 46
    left, top, right, bottom = np.mean(boxes, 0)
    assert (right - left, bottom - top) == pytest.approx((287, 281), abs=3)
    assert (top, bottom) == pytest.approx(ALIGNED_BOX_512[1::2], abs=3)
    assert (left, right) == pytest.approx(ALIGNED_BOX_512[::2], abs=12)
