from itertools import product

import numpy as np
import pytest
from mfps.study.comparisons import groups_of, trends_of
from mfps.study.estimates import evidence_of
from mfps.study.outcome import Spent
from mfps.study.spending import hours_of, random_searches
from mfps.study.trained import trained_networks

from .made_up import ledger, outcome, study


def searches(outcomes, spent):
    trained = trained_networks(outcomes)
    made = evidence_of(trained.networks)
    return random_searches(made, groups_of(made), trends_of(made).get("psnr"), trained.outcomes, hours_of(spent))


def test_hours_are_all_that_was_spent():
    spent = [Spent("j", "b", "search", 3600, 60), Spent("j", "b", "search", 1800, 30), Spent("k", "a", "x", 36, 0)]
    assert hours_of(spent) == hours_of(spent[::-1]) == [("a", "x", 1, 0.01, 0), ("b", "search", 1, 1.5, 0.025)]
    assert hours_of([]) == []


def test_random_search_keeps_what_validates_best():
    """Against all draws with replacement: 5 candidates of one cost, as many trainings as the hours pay for."""
    reached, validated = [20.0, 21, 22, 20.5, 21.5], [30.0, 32, 31, 29, 28]
    pool = [
        outcome("r", architecture=str(number), flops=1e8, psnr=(level, level), val_psnr=validated[number])
        for number, level in enumerate(reached)
    ]
    searched = outcome("s", "search", "s", psnr=(23, 23), search_seed=0)
    spread = 21 + (np.array(reached) - 21) * (5 / 4 * 6 / 5) ** 0.5  # what another draw would scatter
    for extra, trainings in ((0, 1), (3600, 2), (3 * 3600, 4), (7 * 3600, 8)):
        (row,) = searches([*pool, searched], [Spent("x", "s", "search", extra, 0)])
        assert (row.trainings, row.candidates) == (trainings, 5)
        draws = product(range(5), repeat=min(trainings, 4))
        if trainings <= 4:
            expected = np.mean([spread[max(draw, key=lambda each: validated[each])] for draw in draws])
            assert row.expected == pytest.approx(expected)
        assert row.lead.value == pytest.approx(23 - row.expected)
        assert not row.lead.complete  # the seed noise is unknown


def test_more_trainings_than_random_networks_decide_nothing():
    made = study(np.random.default_rng(0), gain=1.0)
    for hours, complete in ((1, True), (30, False)):
        rows = searches(made, [Spent(f"s{n}", "searched", "search", 3600.0 * hours, 0.0) for n in range(3)])
        assert [row.searched for row in rows] == ["searched 0.1 GFLOPs", "searched 0.2 GFLOPs"]
        assert all(row.trainings == hours + 1 and row.candidates == 20 for row in rows)
        assert all((row.search_hours, row.training_hours) == (hours, 1) for row in rows)
        assert [row.lead.complete for row in rows] == [complete] * 2
        assert all(row.lead.interval[0] > 0 for row in rows)


def test_without_random_networks_or_a_search_in_the_ledger_there_is_nothing_to_say():
    made = study(np.random.default_rng(0), randoms=0)
    assert searches(made, ledger(made)) == []
    made = study(np.random.default_rng(0))
    assert searches(made, []) == []
