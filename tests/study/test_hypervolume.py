import moocore
import numpy as np
import pytest
from mfps.study.hypervolume import DRAWS, against_random, hypervolume


def counted_area(costs, scores, most, least):
    """The same for whole numbers, by counting unit squares."""
    return sum(
        any(cost <= x and score > y for cost, score in zip(costs, scores, strict=True))
        for x in range(int(most))
        for y in range(int(least), 30)
    )


def test_it_is_the_area_and_what_moocore_computes():
    rng = np.random.default_rng(0)
    costs, scores = (rng.integers(0, 20, (60, 5)).astype(float) for _ in range(2))
    found = hypervolume(costs, scores, 15.0, 4.0)
    for one, cost, score in zip(found, costs, scores, strict=True):
        assert one == counted_area(cost, score, 15, 4)
        points = np.stack([cost, -score], axis=1)
        assert one == pytest.approx(moocore.hypervolume(points, ref=[15, -4]))


def test_a_network_beyond_the_reference_adds_nothing_and_a_better_one_adds():
    base = hypervolume(np.array([[1.0]]), np.array([[5.0]]), 3.0, 2.0)
    assert base == 6
    for cost, score in ((4, 9), (1, 1), (2, 5)):
        assert hypervolume(np.array([[1.0, cost]]), np.array([[5.0, score]]), 3.0, 2.0) == base
    assert hypervolume(np.array([[1.0, 0]]), np.array([[5.0, 3]]), 3.0, 2.0) > base


def compare(scores, pool, costs=(0.0, 1.0)):
    rng = np.random.default_rng(0)
    moved = np.asarray(scores)[None] + np.concatenate([np.zeros((1, 2)), rng.normal(0, 0.01, (300, 2))])
    pool_scores = np.tile(np.asarray(pool)[None, :, None], (301, 1, 2))
    return against_random((np.array(costs), moved), (np.tile(costs, (len(pool), 1)), pool_scores), 2.0, 0.0)


def test_better_networks_of_the_same_costs_are_at_the_top_and_worse_ones_at_the_bottom():
    pool = np.random.default_rng(1).normal(5, 1, 20)
    top, bottom, middle = (compare([level, level], pool) for level in (9, 1, np.median(pool)))
    assert (top.percentile, top.interval) == (100, (100, 100))
    assert (bottom.percentile, bottom.interval) == (0, (0, 0))
    assert middle.interval[0] < 50 < middle.interval[1]
    assert sum(middle.counts) == DRAWS
    assert middle.edges[0] <= middle.value <= middle.edges[-1]
    assert compare([9, 9], pool) == top


def test_equal_networks_are_in_the_middle_and_too_few_are_not_compared():
    assert compare([5, 5], np.full(8, 5.0)).percentile == 50
    assert compare([5, 5], np.full(2, 5.0)) is None
    assert compare([5, 5], np.full(5, 5.0)).interval is None
