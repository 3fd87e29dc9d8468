"""Small spaces with exact costs, and scores that need no network."""

from itertools import combinations, product

import pytest
from mfps.errors import RunStopped
from mfps.genotypes.branch_genotype import BranchGenotype, CellEdge
from mfps.genotypes.space import EDGES, NODES, search_space
from mfps.nas.budget import Budget
from mfps.nas.selection.candidates import Candidates
from mfps.nas.selection.measurements import Scorer
from mfps.nas.space_costs import SpaceCosts
from mfps.networks.network_config import NetworkConfig

DIGEST = "d" * 64
WORTH = {"skip": 0.0, "conv_3x3": 0.31, "conv_5x5": 0.37, "conv_7x7": 0.33}


class Score:
    """A score that follows from the genotype alone; it counts, and dies or stops at a call if it is told to."""

    def __init__(self, dies_at=None, stops=False, noise=1.0):
        self.calls, self.dies_at, self.stops, self.noise = 0, dies_at, stops, noise

    def __call__(self, genotype):
        self.calls += 1
        if self.calls == self.dies_at:
            raise RunStopped("stopped", 15) if self.stops else KeyboardInterrupt
        worth = sum(
            WORTH[kept.op] * (1 + 0.1 * (kept.source == "s0")) + 0.02 * rate
            for branch in genotype.present.values()
            for kept, rate in zip(branch.cell, [*branch.path, *branch.path], strict=False)
        )
        return round(20 + worth + self.noise * int(genotype.hash[:4], 16) / 2**20, 9)


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    """A thousand lines that are each written to a real disk take seconds."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def score():
    return Score


@pytest.fixture
def judge():
    """`judge(score, digest)`."""
    return lambda score, digest=DIGEST: Scorer(score, digest)


@pytest.fixture(scope="session")
def make_candidates():
    """`make_candidates(priors=(), layers=2, operations=..., budget=..., held={})`."""

    def make(priors=(), layers=2, operations=("skip", "conv_3x3"), budget=None, held=None):
        spaces = search_space(priors, width=1, layers=layers, fusion_layers=layers, operations=tuple(operations))
        network = NetworkConfig(iterations=2 if priors else 1, blocks=1, prior_channels=dict.fromkeys(priors, 3))
        costs = SpaceCosts(spaces, network, 16, held or {})
        return Candidates(spaces, held or {}, costs, budget or Budget())

    return make


def every_branch(space):
    """All architectures of a branch."""
    pairs = [combinations([edge for edge in EDGES if edge.target == node], 2) for node in NODES]
    for wiring in product(*map(list, pairs)):
        edges = [edge for pair in wiring for edge in pair]
        for operations in product(space.operations, repeat=len(edges)):
            cell = [CellEdge.of(edge, op) for edge, op in zip(edges, operations, strict=True)]
            for path in space.paths():
                yield BranchGenotype(start_rate=space.start_rate, width=space.width, path=list(path), cell=cell)
