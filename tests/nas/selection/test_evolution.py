import numpy as np
from mfps.nas.budget import Budget
from mfps.nas.selection.evolution import evolve


def run(candidates, score, seed=0, generations=4, first=3):
    rng = np.random.default_rng(1)
    begun = list({g.hash: g for g in (candidates.random(rng) for _ in range(first))}.values())
    met: list[tuple[str, int]] = []

    def objectives(genotype, generation):
        met.append((genotype.hash, generation))
        return -score(genotype), float(candidates.cost(genotype).flops)

    evolve(candidates, begun, objectives, 8, generations, seed)
    return begun, met


def test_everything_that_is_measured_is_new_and_within_the_budget(make_candidates, score):
    free = make_candidates(layers=3)
    middle = float(np.median([free.cost(free.random(np.random.default_rng(s))).flops for s in range(20)]))
    candidates = make_candidates(layers=3, budget=Budget(max_flops=middle))
    admitted = []
    begun, met = run(candidates, lambda genotype: admitted.append(candidates.admits(genotype)) or score()(genotype))
    assert all(admitted)
    assert len({key for key, _ in met}) == len(met) == len(begun) + 4 * 8
    assert [generation for _, generation in met] == [0] * len(begun) + [k for k in (1, 2, 3, 4) for _ in range(8)]


def test_the_seed_decides_all(make_candidates, score):
    candidates = make_candidates(layers=3)
    assert run(candidates, score(), 3) == run(candidates, score(), 3)
    assert run(candidates, score(), 3) != run(candidates, score(), 4)


def test_a_space_that_is_exhausted_ends_it(make_candidates, score):
    _, met = run(make_candidates(layers=1, operations=("skip",)), score(), generations=100)
    assert len(met) == 2 * 18


def test_it_prints_nothing(make_candidates, score, capfd, monkeypatch):
    """Also where pymoo's compiled parts are missing."""
    monkeypatch.setattr("pymoo.functions.is_compiled", lambda: False)
    monkeypatch.setattr("pymoo.functions.FunctionLoader._FunctionLoader__instance", None)
    run(make_candidates(), score())
    assert capfd.readouterr() == ("", "")
