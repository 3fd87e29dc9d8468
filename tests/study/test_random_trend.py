import numpy as np
import pytest
from mfps.study.random_trend import CURVED_FROM, LEAST_RANDOM, Trend, beaten_near, percentile_among

from .made_up import LEAST, MOST, trend


def drawn(rng, count, scatter):
    flops = np.exp(rng.uniform(np.log(LEAST), np.log(MOST), count))
    return flops, trend(flops) + rng.normal(0, scatter, count)


def samples_of(values, count=2000):
    return np.tile(values, (count, 1))


def test_it_is_the_curve_that_made_the_networks():
    flops, reached = drawn(np.random.default_rng(0), CURVED_FROM, 0)
    found = Trend(flops, samples_of(reached))
    for each in (3e7, 1e8, 2.5e8):
        assert found.at(np.array([each])).means[0] == pytest.approx(trend(each))
        assert found.placed(each)[0] == pytest.approx([trend(each)] * len(flops))
    assert found.at(np.array([3e7, 1e8])).means[0] == pytest.approx((trend(3e7) + trend(1e8)) / 2)
    assert found.deviation == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("count", [LEAST_RANDOM, 20])
def test_the_mean_at_a_cost_is_in_its_interval_about_as_often_as_it_says(count):
    rng, held = np.random.default_rng(1), 0
    for _ in range(200):
        flops = np.exp(rng.uniform(np.log(LEAST), np.log(MOST), count))
        side = Trend(flops, samples_of(20 + np.log(flops) + rng.normal(0, 0.1, count), 2)).at(np.array([1e8]))
        half = side.error * {LEAST_RANDOM: 3.182, 20: 2.110}[count]
        held += abs(side.means[0] - 20 - np.log(1e8)) < half
    assert 180 <= held <= 199


def test_another_random_network_has_any_percentile_alike():
    rng, found = np.random.default_rng(2), []
    for _ in range(400):
        flops, reached = drawn(rng, 15, 0.05)
        own, score = drawn(rng, 1, 0.05)
        found.append(Trend(flops, samples_of(reached, 2)).percentile(own[0], np.tile(score, 2), True).value)
    assert np.histogram(found, 4, (0, 100))[0] == pytest.approx([100] * 4, abs=30)


def test_cost_is_no_merit():
    """A network far above the random ones of its cost is at the top, however many dearer ones are better."""
    flops, reached = drawn(np.random.default_rng(3), 20, 0.02)
    found = Trend(flops, samples_of(reached))
    assert found.percentile(4e7, np.full(2000, trend(4e7) + 0.2), True).value == 100
    assert found.percentile(2.5e8, np.full(2000, trend(2.5e8) - 0.2), True).value == 0
    assert percentile_among(np.full(2000, trend(4e7) + 0.2), samples_of(reached), True).value < 50


def test_the_ends_claim_no_more_than_the_number_of_random_networks():
    others = samples_of(np.arange(10.0))
    best, worst, middle = (percentile_among(np.full(2000, value), others, True) for value in (99, -1, 4.5))
    assert (best.value, worst.value, middle.value) == (100, 0, 50)
    assert best.interval[1] == 100
    assert 70 < best.interval[0] < 85  # the rule of three: 1 - 3 / 10
    assert worst.interval == pytest.approx((0, 100 - best.interval[0]), abs=3)
    assert middle.interval == pytest.approx((22, 78), abs=6)
    assert percentile_among(np.full(2000, 5.0), samples_of(np.full(3, 5.0)), True).value == 50


def test_what_is_beyond_the_random_networks_is_not_covered():
    found = Trend(np.array([1e8, 1.1e8, 1.5e8, 1.8e8, 2e8]), samples_of(np.arange(5.0)))
    assert [found.covers(each) for each in (7e7, 8.1e7, 1.4e8, 2.4e8, 2.6e8)] == [False, True, True, True, False]


def test_equal_costs_make_a_mean():
    found = Trend(np.full(5, 1e8), samples_of(np.arange(5.0)))
    assert found.at(np.array([1e8])).means[0] == pytest.approx(2)
    assert found.freedom == 4


def test_networks_of_nearly_the_cost_are_counted():
    flops, reached = np.array([0.7e8, 0.9e8, 1e8, 1.2e8, 2e8]), np.array([0.0, 1, 2, 3, 0])
    assert beaten_near(1e8, 2.5, flops, reached) == (3, 2)
    assert beaten_near(5e8, 2.5, flops, reached) == (0, 0)
