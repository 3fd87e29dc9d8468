import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mfps.priors.flip import flip_boxes, flip_labels, flip_points
from mfps.priors.landmarks.heatmaps import draw_heatmaps
from mfps.priors.landmarks.schemes import SCHEMES
from mfps.priors.parsing.classes import CELEBAMASK_CLASSES, CELEBAMASK_FLIP_PAIRS
from mfps.priors.parsing.one_hot import one_hot_parsing

SIZE = 24
every_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)


def random_points(scheme):
    generator = np.random.default_rng(0)
    points = generator.uniform(-2, SIZE + 2, (scheme.count, 2))
    points[generator.random(scheme.count) < 0.1] = np.nan
    return points


@every_scheme
def test_points_flipped_twice_are_the_same(scheme):
    points = random_points(scheme)
    before = points.copy()
    twice = flip_points(flip_points(points, SIZE, scheme.name), SIZE, scheme.name)
    assert np.allclose(twice, before, rtol=0, atol=1e-12, equal_nan=True)
    assert np.array_equal(points, before, equal_nan=True)


@every_scheme
def test_heatmaps_of_flipped_points_are_mirrored_heatmaps(scheme):
    points = random_points(scheme)
    flipped = flip_points(points, SIZE, scheme.name)
    mirrored = draw_heatmaps(torch.from_numpy(points)[None], SIZE)[:, list(scheme.flip_order())].flip(-1)
    assert torch.allclose(draw_heatmaps(torch.from_numpy(flipped)[None], SIZE), mirrored, atol=1e-12)


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 18)))
def test_one_hot_of_flipped_labels_is_the_mirrored_one_hot(labels):
    order = list(range(len(CELEBAMASK_CLASSES)))
    for left, right in CELEBAMASK_FLIP_PAIRS:
        order[left], order[right] = right, left
    flipped = flip_labels(labels)
    one_hot = one_hot_parsing(torch.from_numpy(labels)[None], len(order), 12)
    assert torch.allclose(
        one_hot_parsing(torch.from_numpy(flipped)[None], len(order), 12), one_hot[:, order].flip(-1), atol=1e-5
    )
    assert np.array_equal(flip_labels(flipped), labels)


def test_the_swapped_classes_are_the_sides_of_the_face():
    names = {frozenset(CELEBAMASK_CLASSES[label] for label in pair) for pair in CELEBAMASK_FLIP_PAIRS}
    assert names == {frozenset((f"l_{part}", f"r_{part}")) for part in ("eye", "brow", "ear")}
    assert flip_labels(np.array([[4, 1, 12]], np.uint8)).tolist() == [[12, 1, 5]]
    assert flip_labels(np.array([[4, 1]], np.uint8), pairs=()).tolist() == [[1, 4]]


@given(arrays(np.float64, (3, 4), elements=st.floats(-100, 100)))
def test_a_box_holds_the_same_points_after_a_flip(boxes):
    flipped = flip_boxes(boxes, SIZE)
    assert np.allclose(flip_boxes(flipped, SIZE), boxes)
    assert np.allclose(flipped[:, 2] - flipped[:, 0], boxes[:, 2] - boxes[:, 0])
    assert np.array_equal(flipped[:, [1, 3]], boxes[:, [1, 3]])


def test_a_box_around_the_whole_picture_stays():
    assert flip_boxes(np.array([0, 0, SIZE - 1, SIZE - 1]), SIZE).tolist() == [0, 0, SIZE - 1, SIZE - 1]


def test_what_cannot_be_flipped(refused):
    with refused("not known which points mirror each other"):
        flip_points(np.zeros((5, 2)), SIZE, "points-5")
    with refused(r"shape \(68, 2\), not \(5, 2\)"):
        flip_points(np.zeros((5, 2)), SIZE, "ibug68")
    with refused("a label map is uint8"):
        flip_labels(np.zeros((4, 4), np.int64))
    with refused("each must be in one pair"):
        flip_labels(np.zeros((4, 4), np.uint8), pairs=((1, 2), (2, 3)))
    with refused("a box is left, top, right and bottom"):
        flip_boxes(np.zeros((4, 2)), SIZE)
