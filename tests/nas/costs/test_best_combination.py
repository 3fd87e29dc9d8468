from itertools import product

import numpy as np
import pytest
from mfps.nas.costs.best_combination import Options, best_combination, combined


def options(rng, number, columns):
    return Options(rng.normal(size=number), rng.integers(20, size=(number, columns)), np.arange(number)[:, None])


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("branches", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_combination_is_the_best_of_all(branches, columns, seed):
    rng = np.random.default_rng(seed)
    parts = [options(rng, 6, columns) for _ in range(branches)]
    bounds = rng.integers(4 * branches, 14 * branches, size=columns)
    best = max(
        (
            (sum(part.scores[i] for part, i in zip(parts, picks, strict=True)), picks)
            for picks in product(range(6), repeat=branches)
            if (sum(part.costs[i] for part, i in zip(parts, picks, strict=True)) <= bounds).all()
        ),
        default=(None, None),
    )
    assert best_combination([part.best() for part in parts], bounds) == best[1]


def test_of_equal_scores_the_cheaper_wins():
    part = Options(np.zeros(3), np.array([[5, 1], [2, 2], [2, 3]]), np.arange(3)[:, None])
    assert best_combination([part.best()] * 2, np.array([10, 10])) == (1, 1)
    assert best_combination([part.best()] * 2, np.array([10, 3])) in {(0, 1), (1, 0)}
    assert best_combination([part.best()] * 2, np.array([3, 10])) is None


def test_too_many_combinations_are_refused(refused, monkeypatch):
    monkeypatch.setattr("mfps.nas.costs.best_combination.MOST_COMBINATIONS", 8)
    part = Options(np.zeros(3), np.array([[1], [2], [3]]), np.arange(3)[:, None])
    with refused("too many combinations to compare: leave out either"):
        combined([part, part], np.array([9]))
