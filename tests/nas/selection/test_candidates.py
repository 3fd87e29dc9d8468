import numpy as np
from mfps.genotypes.genotype_file import read_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.cost_report import genotype_costs
from mfps.nas.budget import Budget
from mfps.nas.selection.candidates import Candidates


def test_costs_are_those_of_the_whole_network_as_genotype_show_counts_them(make_candidates):
    candidates = make_candidates(layers=3, operations=("skip", "conv_3x3", "conv_5x5"))
    for seed in range(5):
        genotype = candidates.random(np.random.default_rng(seed))
        assert candidates.cost(genotype) == genotype_costs(genotype, 16, 1, blocks=1)["total"]


def test_what_is_random_is_within_the_budget_or_nothing(make_candidates):
    free = make_candidates()
    rng = np.random.default_rng(0)
    some = sorted(free.cost(free.random(rng)).flops for _ in range(20))
    tight = make_candidates(budget=Budget(max_flops=some[3]))
    assert all(tight.admits(tight.random(rng)) for _ in range(10))
    assert make_candidates(budget=Budget(max_flops=some[0] / 10)).random(rng) is None


def test_a_genotype_of_another_space_is_not_held(make_candidates):
    candidates = make_candidates(priors=("parsing",))
    spaces = {"priors": ("parsing",), "width": 1, "layers": 2, "fusion_layers": 2}
    assert candidates.holds(random_genotype(search_space(**spaces, operations=("skip", "conv_3x3")), 0))
    for other in ({"width": 2}, {"layers": 3}, {"priors": ("heatmap",)}, {"priors": ()}, {"fusion_layers": 1}):
        assert not candidates.holds(random_genotype(search_space(**{**spaces, **other}, operations=("skip",)), 0))
    assert not candidates.holds(random_genotype(search_space(**spaces, operations=("conv_7x7",)), 0))
    assert not candidates.holds(read_genotype("mfpsnet"))


def test_a_held_branch_stays_what_it_is(make_candidates):
    held = random_genotype(search_space(("parsing",), width=1, layers=3, fusion_layers=3), 0).present["upsample"]
    spaces = make_candidates(priors=("parsing",), held={"upsample": held})
    drawn = spaces.random(np.random.default_rng(1))
    assert spaces.searched == ("parsing", "fusion")
    assert drawn.present["upsample"] == held
    assert spaces.holds(drawn)
    assert not Candidates(spaces.spaces, {}, spaces.costs, spaces.budget).holds(drawn)
