from collections.abc import Callable

import numpy as np
import pytest
from mfps.genotypes.decode import BranchProbabilities
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import read_genotype
from mfps.genotypes.space import EDGES, BranchSpace


@pytest.fixture
def mfpsnet() -> Genotype:
    return read_genotype("mfpsnet")


@pytest.fixture
def beliefs() -> Callable[[BranchSpace, int], BranchProbabilities]:
    """Random probabilities for a branch: `beliefs(space, seed)`."""

    def make(space: BranchSpace, seed: int) -> BranchProbabilities:
        rng = np.random.default_rng(seed)
        transitions = {}
        for layer, rates in enumerate(space.rates):
            for rate in rates:
                incoming = space.incoming(layer, rate)
                transitions |= dict(zip(incoming, rng.dirichlet(np.ones(len(incoming))).tolist(), strict=True))
        ends = dict(zip(space.end_rates, rng.dirichlet(np.ones(len(space.end_rates))).tolist(), strict=True))
        return BranchProbabilities(rng.dirichlet(np.ones(len(space.operations)), len(EDGES)), transitions, ends)

    return make
