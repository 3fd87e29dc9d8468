"""Heatmaps, boxes and aligned faces against hand-placed landmarks and label maps of photographs."""

import numpy as np
import pytest
import torch
from mfps.priors.dictionary.component_boxes import component_boxes
from mfps.priors.flip import flip_points
from mfps.priors.landmarks.alignment import alignment, five_points
from mfps.priors.landmarks.formats import read_given_landmarks
from mfps.priors.landmarks.heatmaps import draw_heatmaps
from mfps.priors.parsing.label_maps import read_label_map
from mfps.priors.parsing.one_hot import one_hot_parsing

SOURCES = ("dlib68/testing_with_face_landmarks.xml", "helen29_landmarks.json")
SIZE = 128


@pytest.fixture
def aligned(annotated):
    """`aligned(name)`: landmarks of all faces of a source, on faces of 128 pixels, and the scheme."""

    def read(name):
        source = read_given_landmarks(annotated(name))
        points = []
        for face in source.faces:
            matrix = alignment(face.points, source.scheme, SIZE)
            points.append(face.points @ matrix[:, :2].T + matrix[:, 2])
        return np.stack(points), source.scheme

    return read


@pytest.mark.faces
@pytest.mark.parametrize("name", SOURCES)
def test_heatmaps_peak_at_the_hand_placed_points(aligned, name):
    points, _ = aligned(name)
    maps = draw_heatmaps(torch.from_numpy(points[:20]), SIZE).flatten(2)
    peaks = np.stack([maps.argmax(-1) % SIZE, maps.argmax(-1) // SIZE], -1)
    inside = ((points[:20] > 0) & (points[:20] < SIZE - 1)).all(-1)
    assert inside.mean() > 0.9
    assert np.abs(peaks - points[:20])[inside].max() <= 0.5


@pytest.mark.faces
@pytest.mark.parametrize("name", SOURCES)
def test_boxes_hold_eyes_nose_and_mouth(aligned, name):
    points, scheme = aligned(name)
    for face in points:
        boxes = component_boxes(face, scheme, SIZE)
        left, right, nose, *corners = five_points(face, scheme)
        for box, part in zip(boxes, (left, right, nose, np.mean(corners, 0)), strict=True):
            assert (box[:2] < part).all()
            assert (box[2:] > part).all()


@pytest.mark.faces
@pytest.mark.parametrize("name", SOURCES)
def test_the_mean_face_is_its_own_mirror_image(aligned, name):
    """So the pairs that a flip swaps mirror each other on the face; one wrong pair would be far off."""
    points, scheme = aligned(name)
    mean = np.median(points, 0)
    assert np.abs(flip_points(mean, SIZE, scheme) - mean).max() < 0.06 * SIZE


@pytest.mark.faces
@pytest.mark.parametrize("face", range(4))
def test_one_hot_maps_are_the_label_maps(annotated, face):
    labels = read_label_map(annotated(f"celebamask/{face}_label.png"))
    maps = one_hot_parsing(torch.from_numpy(labels)[None], 19, len(labels))[0]
    assert np.array_equal(maps.argmax(0).numpy(), labels)
    small = one_hot_parsing(torch.from_numpy(labels)[None], 19, SIZE)[0]
    assert torch.allclose(small.sum(0), torch.ones(SIZE, SIZE), atol=1e-5)
    shares = np.bincount(labels.ravel(), minlength=19) / labels.size
    assert small.mean((1, 2)).numpy() == pytest.approx(shares, abs=0.01)
