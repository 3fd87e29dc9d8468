import numpy as np
import pytest
from mfps.study.estimates import evidence_of
from mfps.study.supernet_ranking import rankings_of
from mfps.study.trained import trained_networks
from scipy.stats import kendalltau

from .made_up import outcome, study


def test_tau_is_scipys_for_every_search():
    made = evidence_of(trained_networks(study(np.random.default_rng(0))).networks)
    rankings = rankings_of(made)
    assert [ranking.search for ranking in rankings] == ["search_0", "search_1", "search_2"]
    for ranking in rankings:
        own = ranking.agreement[0]
        scores, reached = ([getattr(one, key) for one in ranking.networks] for key in ("supernet_psnr", "psnr"))
        assert own.size == len(scores) == 20 + 2 + 6
        assert own.tau == pytest.approx(kendalltau(scores, reached).statistic)
        assert [one.supernet_rank for one in ranking.networks] == list(range(1, len(scores) + 1))


def test_an_architecture_counts_once_and_two_are_too_few():
    scores = {"supernet_psnr": {"s": 20.0}}
    made = [outcome(arm, architecture=name, **scores) for arm, name in (("a", "1"), ("b", "1"), ("a", "2"))]
    (ranking,) = rankings_of(evidence_of(trained_networks(made).networks))
    assert (len(ranking.networks), ranking.agreement, ranking.chance) == (2, (), None)
    assert {one.supernet_rank for one in ranking.networks} == {1}
