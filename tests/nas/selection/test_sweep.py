import numpy as np
import pytest
from mfps.genotypes.space import BranchSpace
from mfps.nas.budget import Budget
from mfps.nas.selection.sweep import MAX_PATHS, number_of_paths, paths_of, swept_paths


@pytest.mark.parametrize(("name", "layers", "count"), [("upsample", 6, 233), ("fusion", 8, 1597), ("parsing", 1, 2)])
def test_all_paths_of_a_branch(name, layers, count):
    space = BranchSpace(name, 1, layers)
    paths = paths_of(space, np.random.default_rng(0))
    assert len(paths) == number_of_paths(space) == count
    if layers < 8:
        assert sorted(paths) == sorted(space.paths())


def test_a_monotone_branch_only_climbs():
    space = BranchSpace("upsample", 1, 5, monotone=True)
    assert sorted(paths_of(space, np.random.default_rng(0))) == sorted(space.paths())


def test_too_many_paths_are_represented_by_random_ones(monkeypatch):
    monkeypatch.setattr("mfps.nas.selection.sweep.MAX_PATHS", MAX_PATHS // 20)
    space = BranchSpace("upsample", 1, 16)
    paths = paths_of(space, np.random.default_rng(0))
    assert number_of_paths(space) > MAX_PATHS
    assert 0.9 * MAX_PATHS < 20 * len(paths) == 20 * len(set(paths)) <= MAX_PATHS
    assert all(map(space.is_legal, paths[::50]))


def test_only_the_path_of_one_branch_differs_and_the_budget_is_kept(make_candidates):
    base = make_candidates(priors=("parsing",), layers=3).random(np.random.default_rng(0))
    free = make_candidates(priors=("parsing",), layers=3)
    every = swept_paths(free, "parsing", base, None, np.random.default_rng(0))
    assert len(every) == number_of_paths(free.spaces["parsing"])
    costs = [free.cost(genotype).flops for genotype in every]
    assert costs == sorted(costs)
    tight = make_candidates(priors=("parsing",), layers=3, budget=Budget(max_flops=costs[len(costs) // 2]))
    within = swept_paths(tight, "parsing", base, None, np.random.default_rng(0))
    assert [g.hash for g in within] == [g.hash for g, cost in zip(every, costs, strict=True) if cost <= tight.budget[0]]
    for genotype in every:
        assert genotype.present["upsample"] == base.present["upsample"]
        assert genotype.present["parsing"].cell == base.present["parsing"].cell


def test_a_few_paths_are_spaced_over_the_cost(make_candidates):
    candidates = make_candidates(layers=4)
    base = candidates.random(np.random.default_rng(0))
    every = [g.hash for g in swept_paths(candidates, "upsample", base, None, np.random.default_rng(0))]
    for limit in (1, 2, 5, len(every), 1000):
        some = [g.hash for g in swept_paths(candidates, "upsample", base, limit, np.random.default_rng(0))]
        assert len(some) == min(limit, len(every)) == len(set(some))
        places = [every.index(one) for one in some]
        assert places == sorted(places)
        assert limit == 1 or (places[0], places[-1]) == (0, len(every) - 1)
