import numpy as np
import pytest
from mfps.study.comparisons import (
    EQUAL_QUALITY_DB,
    RANDOM,
    differences_of,
    equal_quality_of,
    groups_of,
    places_of,
    stakes_of,
    standings_of,
    trends_of,
)
from mfps.study.estimates import evidence_of
from mfps.study.trained import trained_networks

from .made_up import LEAST, MOST, outcome, study, trend


def evidence(outcomes):
    return evidence_of(trained_networks(outcomes).networks)


def differences(made):
    return differences_of(made, groups_of(made), trends_of(made))


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr("mfps.nas.ranking.agreement.RESAMPLES", 999)


def test_a_known_gain_is_found_and_is_in_its_interval_about_as_often_as_it_says():
    rng, held, estimates = np.random.default_rng(0), 0, []
    for _ in range(40):
        rows = differences(evidence(study(rng, gain=0.1, budgets=(0.1,))))
        (row,) = (row for row in rows if row.kind == "random")
        estimates.append(row.psnr.value)
        held += row.psnr.interval[0] <= 0.1 <= row.psnr.interval[1]
        assert row.psnr.complete
    assert np.mean(estimates) == pytest.approx(0.1, abs=0.02)
    assert 35 <= held <= 40


def test_every_group_has_a_row_against_random_and_every_other_arm():
    made = evidence(study(np.random.default_rng(0)))
    groups = groups_of(made)
    assert [group.name for group in groups] == ["searched 0.1 GFLOPs", "searched 0.2 GFLOPs"]
    assert [len(group.places) for group in groups] == [3, 3]
    rows = differences(made)
    rivals = [RANDOM, "cheapest", "dearest", "published", "nafnet"]
    assert [(row.searched, row.rival) for row in rows] == [(group.name, rival) for group in groups for rival in rivals]
    for row, group in zip(rows, [group for group in groups for _ in rivals], strict=True):
        costs = {RANDOM: group.flops, "cheapest": LEAST, "dearest": MOST, "published": 2.2e8, "nafnet": 1e8}
        assert row.cost_ratio == pytest.approx(group.flops / costs[row.rival])


def test_of_an_arm_the_network_nearest_in_cost_is_the_rival():
    costs = {"cheap": 5e7, "near": 1.1e8, "dear": 3e8}
    others = [outcome("nafnet", "hand-made", name, flops=flops) for name, flops in costs.items()]
    made = evidence([outcome("s", "search", "1", flops=1e8, search_seed=0), *others])
    (row,) = differences(made)
    assert row.rival == "nafnet near"


def test_where_there_are_no_random_networks_of_its_cost_there_is_no_such_difference():
    randoms = [outcome(architecture=str(number), flops=1e8 + number) for number in range(5)]
    for flops, kinds in ((1e8, ["random"]), (2e8, [])):
        made = evidence([outcome("s", "search", "x", flops=flops, search_seed=0), *randoms])
        assert [row.kind for row in differences(made)] == kinds
        (row,) = standings_of(made, trends_of(made))
        assert (row.of_its_cost is not None) == bool(kinds)
    few = evidence([outcome("s", "search", "x", search_seed=0), *randoms[:4]])
    assert trends_of(few) == {}
    assert standings_of(few, {})[0].in_all.value == 50


def test_a_random_architecture_that_was_drawn_twice_counts_once():
    made = evidence([outcome(architecture="1"), outcome("again", architecture="1"), outcome(architecture="2")])
    assert len(places_of(made, "random")) == 2


def test_standings_rise_with_the_gain():
    found = []
    for gain in (-0.3, 0, 0.3):
        made = evidence(study(np.random.default_rng(0), gain=gain))
        found.append(np.mean([row.of_its_cost.value for row in standings_of(made, trends_of(made))]))
    assert found[0] < 5 < found[1] < 95 < found[2]


def test_the_stakes_are_the_ends_of_the_space():
    found = stakes_of(evidence(study(np.random.default_rng(0))))
    assert found.value == pytest.approx(trend(MOST) - trend(LEAST), abs=0.1)
    assert stakes_of(evidence([outcome(kind="dearest")])) is None


def test_of_searched_networks_as_good_as_the_published_one_the_cheapest_counts():
    published = [outcome("p", "genotype", "p", seed, 4e8, (21, 22)) for seed in (0, 1)]

    def row(**levels):
        searched = [
            outcome("s", "search", name, 0, 1e8 * (1 + number), (20 + level, 21 + level), search_seed=0, budget=name)
            for number, (name, level) in enumerate(levels.items())
        ]
        made = evidence(published + searched)
        return equal_quality_of(made, groups_of(made))[0]

    found = row(a=0.9, b=1 - EQUAL_QUALITY_DB / 2, c=1.5)
    assert (found.searched, found.flops_ratio, found.shown) == ("s b", 0.5, True)
    assert row(a=0.9, b=0.8).searched is None
