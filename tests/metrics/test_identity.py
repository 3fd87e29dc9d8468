"""Identity: its formulas, and dlib's own descriptor on a face whose points are known."""

import numpy as np
import pytest
from mfps.files.external_weights import find_weights
from mfps.metrics.face_points import open_points, points_of
from mfps.metrics.identity import LARGE_PX, SAME_BELOW, identity_scores, open_identity, with_points
from mfps.metrics.metric import MetricSources
from scipy.spatial.distance import cosine, euclidean


def test_the_numbers_are_those_of_scipy():
    one, other = np.random.default_rng(0).normal(size=(2, 128)) / 12
    scores = identity_scores(one, other)
    assert scores["identity_cosine"] == pytest.approx(1 - cosine(one, other))
    assert scores["identity_l2"] == pytest.approx(euclidean(one, other))
    assert identity_scores(one, one + SAME_BELOW / np.sqrt(130))["identity_same"] == 1
    assert identity_scores(one, one + SAME_BELOW / np.sqrt(126))["identity_same"] == 0


def test_a_face_is_itself_and_damage_takes_it_away(dlib_weights, faces):
    clean, versions = faces(128)
    metric = open_identity(MetricSources(128))
    found = metric.score(versions, clean)
    assert found[0] == {"identity_cosine": pytest.approx(1), "identity_l2": 0, "identity_same": 1}
    distances = [scores["identity_l2"] for scores in found]
    assert 0 < distances[1] < distances[3]


def test_descriptors_are_those_that_dlib_computes_of_the_points(dlib_weights, faces):
    """`compute_face_descriptor` of dlib cuts the same chip out by itself."""
    import dlib

    clean, versions = faces(128)
    finder = open_points(MetricSources(128))
    network = dlib.face_recognition_model_v1(str(find_weights("dlib identity")))
    one, other = (
        np.array(network.compute_face_descriptor(*with_points(face, points_of(finder, face))))
        for face in (clean, versions[2])
    )
    (found,) = open_identity(MetricSources(128)).score([versions[2]], clean)
    assert found["identity_l2"] == pytest.approx(euclidean(one, other), abs=1e-4)


@pytest.mark.parametrize("size", [64, 200, 512, 600])
def test_points_are_taken_to_the_enlarged_face_within_half_of_its_pixels(dlib_weights, size):
    points = np.random.default_rng(0).uniform(0, size - 1, (68, 2))
    large, placed = with_points(np.zeros((size, size, 3), np.uint8), points)
    times = len(large) / size
    assert times == int(times)
    assert LARGE_PX <= len(large) < LARGE_PX + size
    moved = (np.array([(part.x, part.y) for part in placed.parts()]) + 0.5) / times - 0.5
    assert np.abs(moved - points).max() <= 0.5 / times + 1e-9
