from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mfps.nas.ranking.agreement import (
    LEAST,
    LEAST_OF_THIRD,
    RESAMPLES,
    THIRDS,
    agreements,
    choices,
    rank_correlations,
    samples,
    spread_by_chance,
)
from scipy.stats import kendalltau, spearmanr

VALUES = st.integers(3, 12).flatmap(
    lambda count: st.tuples(*(arrays(float, count, elements=st.integers(0, 5).map(float)) for _ in range(2)))
)
"""Pairs of quantities with many ties."""


def array(*values):
    return np.array(values, float)


@given(VALUES, st.integers(0, 2**31 - 1))
def test_the_correlations_of_a_resample_are_scipys(pair, seed):
    x, y = pair
    drawn = np.random.default_rng(seed).integers(len(x), size=(4, len(x)))
    counts = np.stack([np.bincount(row, minlength=len(x)) for row in drawn]).astype(float)
    tau, spearman = rank_correlations(x, y, counts)
    for number, row in enumerate(drawn):
        if len(set(x[row])) == 1 or len(set(y[row])) == 1:
            assert np.isnan([tau[number], spearman[number]]).all()
        else:
            assert tau[number] == pytest.approx(kendalltau(x[row], y[row]).statistic, abs=1e-12)
            assert spearman[number] == pytest.approx(spearmanr(x[row], y[row]).statistic, abs=1e-12)


def test_the_first_sample_is_the_sample_itself_and_the_others_are_drawn_evenly():
    counts = samples(5)
    assert counts.shape == (1 + RESAMPLES, 5)
    assert (counts[0] == 1).all()
    assert (counts.sum(1) == 5).all()
    assert abs(counts.mean(0) - 1).max() < 0.05
    assert (counts == samples(5)).all()


@settings(max_examples=30)
@given(VALUES)
def test_a_predictor_is_judged_by_its_order_alone(pair):
    score, reached = pair
    rows = agreements({"a": score, "b": np.exp(score), "c": -score}, reached, reached)
    same, warped, reversed_ = (row for row in rows if row.group == "all")
    assert (warped.tau, warped.tau_interval, warped.spearman) == (same.tau, same.tau_interval, same.spearman)
    assert warped.lead == (None if same.tau is None else 0)
    if same.tau is not None:
        assert (reversed_.tau, reversed_.spearman) == (-same.tau, -same.spearman)
        assert reversed_.lead == 2 * same.tau
        low, high = same.tau_interval
        assert reversed_.tau_interval == pytest.approx((-high, -low))
        assert -1 - 1e-9 <= low <= high <= 1 + 1e-9


def test_equal_orders_have_the_correlation_one_and_equal_values_none():
    rows = agreements({"same": array(1, 2, 3), "equal": array(7, 7, 7)}, array(20, 21, 22), array(1, 1, 1))
    same, equal = rows
    assert (same.tau, same.tau_interval, same.spearman, same.spearman_interval) == (1, (1, 1), 1, (1, 1))
    assert equal[3:7] == (*equal[8:], None, None) == (None, None, None, None)
    assert equal.left_out == RESAMPLES
    # One network three times: 3 of 27 resamples.
    assert same.left_out / RESAMPLES == pytest.approx(1 / 9, abs=0.02)


@pytest.mark.parametrize("count", range(LEAST, 17))
def test_thirds_of_cost_are_even_and_in_order_unless_they_are_too_small(count):
    rng = np.random.default_rng(count)
    cost, reached = rng.permutation(count).astype(float), rng.normal(size=count)
    score = np.where(cost < count / 3, reached, -reached)
    rows = agreements({"score": score}, reached, cost)
    assert rows[0].size == count
    if count < 3 * LEAST_OF_THIRD:
        assert len(rows) == 1
    else:
        assert [row.group for row in rows] == ["all", *THIRDS]
        assert sum(row.size for row in rows[1:]) == count
        assert max(row.size for row in rows[1:]) - min(row.size for row in rows[1:]) <= 1
        assert rows[1].tau == 1
        assert rows[3].tau == -1


def test_the_order_in_which_genotypes_are_given_changes_no_correlation():
    rng = np.random.default_rng(0)
    score, reached, cost = rng.normal(size=(3, 11))
    order = rng.permutation(11)
    before = agreements({"score": score}, reached, cost)
    after = agreements({"score": score[order]}, reached[order], cost[order])
    assert [(row.group, row.tau) for row in before] == [(row.group, row.tau) for row in after]
    assert [row.tau_interval for row in after] == [pytest.approx(row.tau_interval, abs=0.1) for row in before]


def test_an_interval_contains_the_truth_about_as_often_as_it_says():
    """Normal pairs with correlation r have the tau 2 / pi arcsin(r)."""
    r, rng = 0.7, np.random.default_rng(1)
    truth, held = 2 / np.pi * np.arcsin(r), 0
    for _ in range(40):
        x, noise = rng.normal(size=(2, 20))
        row = agreements({"x": x}, r * x + (1 - r**2) ** 0.5 * noise, x)[0]
        held += row.tau_interval[0] <= truth <= row.tau_interval[1]
    assert 34 <= held <= 40


@pytest.mark.parametrize("count", [3, 4, 5])
def test_the_spread_by_chance_is_that_of_all_orders(count):
    x = np.arange(count)
    taus = [kendalltau(x, order).statistic for order in permutations(range(count))]
    assert spread_by_chance(count) == pytest.approx(np.std(taus))


def test_the_spread_by_chance_falls_slowly():
    assert [round(spread_by_chance(count), 3) for count in (12, 20, 30, 60)] == [0.221, 0.162, 0.129, 0.089]


def test_a_choice_is_judged_by_what_its_network_reaches():
    reached = array(22, 21, 20, 23, 19, 18)
    predictors = {"best": reached, "second": array(5, 1, 1, 4, 1, 1), "worst": -reached}
    best, second, worst, chance = choices(predictors, reached)
    assert [row.regret for row in (best, second, worst)] == [0, 1, 5]
    assert best.among_best == {1: 1, 3: 1, 5: 1}
    # The first network where it is drawn: it is the best one where the fourth is not.
    assert second.among_best[1] < second.among_best[3] <= 1
    assert worst.among_best[1] < chance.among_best[1] < second.among_best[1]
    assert chance.regret == pytest.approx(23 - np.mean(reached))
    distinct = (samples(6)[1:] > 0).sum(1)
    assert chance.among_best[1] == pytest.approx(np.mean(1 / distinct))
    assert chance.among_best[3] == pytest.approx(np.mean(np.minimum(3 / distinct, 1)))


def test_equal_values_choose_any_of_them():
    same, chance = choices({"same": array(4, 4, 4, 4)}, array(20, 21, 22, 23))
    assert same[1:] == chance[1:]
    (row, _) = choices({"two": array(9, 1, 1, 9)}, array(20, 21, 22, 23))
    assert row.regret == 1.5
