"""Landmark distance: its formula, and points that move with the face."""

import numpy as np
import pytest
from mfps.metrics.face_points import open_points, points_of
from mfps.metrics.landmark_distance import landmark_scores, open_landmark_distance
from mfps.metrics.metric import MetricSources


def test_a_shift_has_its_length():
    truth = np.random.default_rng(0).uniform(0, 100, (68, 2))
    truth[36], truth[45] = (20, 50), (60, 80)
    scores = landmark_scores(truth + np.array([3, 4]), truth)
    assert scores == {"landmarks_px": pytest.approx(5), "landmarks_nme": pytest.approx(5 / 50)}


def test_points_are_those_of_the_face_at_every_size(dlib_weights, faces):
    """Placed on the enlarged face; where an enlarged face is given, they are twice as far apart."""
    clean, _ = faces(128)
    finder = open_points(MetricSources(64))
    small, large = points_of(finder, np.ascontiguousarray(clean[::2, ::2])), points_of(finder, clean)
    assert small.shape == (68, 2)
    assert np.abs(2 * small - large).mean() < 3
    assert (large[45] - large[36])[0] > 0  # the viewer's left eye comes first


def test_the_clean_face_has_distance_0_and_a_noisy_one_that_of_its_points(dlib_weights, faces):
    clean, versions = faces(128)
    finder, metric = open_points(MetricSources(128)), open_landmark_distance(MetricSources(128))
    found = metric.score(versions, clean)
    assert found[0] == {"landmarks_px": 0, "landmarks_nme": 0}
    expected = np.hypot(*(points_of(finder, versions[3]) - points_of(finder, clean)).T).mean()
    assert found[3]["landmarks_px"] == pytest.approx(expected)
