import numpy as np
import pytest
from mfps.nas.selection.variation import crossed, mutated

SPACES = [{"layers": 1, "operations": ("skip",)}, {"layers": 3}, {"priors": ("parsing",), "layers": 2}]


@pytest.mark.parametrize("space", SPACES)
def test_what_varies_stays_in_its_space(make_candidates, space):
    candidates, rng = make_candidates(**space), np.random.default_rng(0)
    one, other = candidates.random(rng), candidates.random(rng)
    for _ in range(100):
        one, other = (mutated(candidates, child, rng) for child in crossed(candidates, one, other, rng))
        assert candidates.holds(one)
        assert candidates.holds(other)


def test_two_children_share_out_their_parents(make_candidates):
    candidates, rng = make_candidates(priors=("parsing",), layers=3), np.random.default_rng(0)
    parents = candidates.random(rng), candidates.random(rng)
    for _ in range(20):
        children = crossed(candidates, *parents, rng)
        for name in candidates.searched:
            before, after = ([genotype.present[name] for genotype in some] for some in (parents, children))
            assert sorted(branch.path for branch in before) == sorted(branch.path for branch in after)
            kept = [sorted((e.source, e.target, e.op) for b in some for e in b.cell) for some in (before, after)]
            assert kept[0] == kept[1]


def test_every_genotype_follows_from_every_other(make_candidates):
    """As many changes in a row reach all that there are: 5 paths and 18 cells of a single operation."""
    candidates, rng = make_candidates(layers=2, operations=("skip",)), np.random.default_rng(0)
    genotype, met = candidates.random(rng), set()
    for _ in range(3000):
        genotype = mutated(candidates, genotype, rng)
        met.add(genotype.hash)
    assert len(met) == 5 * 18


def test_the_same_generator_makes_the_same_children(make_candidates):
    candidates = make_candidates(layers=3)
    one, other = (candidates.random(np.random.default_rng(seed)) for seed in (1, 2))
    first, second = (
        [mutated(candidates, child, rng).hash for child in crossed(candidates, one, other, rng)]
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )
    assert first == second
