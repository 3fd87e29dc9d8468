"""Fair draws: every operation once on each kept edge in a round, and every path as often as any other."""

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mfps.genotypes.space import OPERATIONS, BranchSpace, search_space
from mfps.nas.search_network import SearchNetwork
from mfps.nas.strategies.single_path import active, fair_branch
from mfps.nas.strategies.strategy import Draw
from mfps.nas.supernet import Supernet, restriction
from mfps.networks.network_config import NetworkConfig
from mfps.networks.restorer import Restorer

SMALL = BranchSpace("upsample", 1, 3)


def draw(number, seed=0, level="weights"):
    return Draw(seed, level, number, 1.0)


@given(st.integers(0, 2**31), st.integers(0, 10**6), st.integers(1, 4))
def test_a_round_runs_every_operation_once_on_each_kept_edge(seed, round_, count):
    space = BranchSpace("upsample", 1, 3, operations=OPERATIONS[:count])
    branches = [fair_branch(space, draw(round_ * count + i, seed)) for i in range(count)]
    edges = {tuple(branch.operations) for branch in branches}
    assert len(edges) == 1
    for edge in edges.pop():
        assert sorted(branch.operations[edge] for branch in branches) == sorted(space.operations)


def chi_squared(counts, options):
    expected = sum(counts.values()) / options
    return sum((n - expected) ** 2 / expected for n in counts.values()) + expected * (options - len(counts))


def test_paths_pairs_of_edges_and_operations_are_drawn_evenly():
    """Chi-squared over 4,000 draws, below the value that even draws exceed once in a thousand."""
    branches = [fair_branch(SMALL, draw(number)) for number in range(4000)]
    paths = Counter(tuple(branch.path) for branch in branches)
    assert chi_squared(paths, len(SMALL.paths())) < 40 + len(SMALL.paths())
    for node, pairs in (("n1", 3), ("n2", 6)):
        kept = Counter(tuple(edge.source for edge in b.operations if edge.target == node) for b in branches[::4])
        assert chi_squared(kept, pairs) < 21
    operations = Counter(operation for branch in branches for operation in branch.operations.values())
    assert len(set(operations.values())) == 1


def test_draws_follow_from_seed_and_number_alone():
    torch.manual_seed(1)
    first = [fair_branch(SMALL, draw(number)) for number in range(20)]
    torch.manual_seed(2)
    assert [fair_branch(SMALL, draw(number)) for number in reversed(range(20))][::-1] == first
    assert [fair_branch(SMALL, draw(number, seed=1)) for number in range(20)] != first
    other = BranchSpace("heatmap", 1, 3)
    assert [fair_branch(other, draw(number)).cell for number in range(20)] != [branch.cell for branch in first]


@pytest.mark.parametrize("priors", [(), ("heatmap", "parsing")], ids=len)
def test_every_branch_is_restricted_to_an_architecture_of_its_own(priors):
    space = search_space(priors, width=1, layers=2, fusion_layers=2)
    channels = {"heatmap": 68, "parsing": 19}
    config = NetworkConfig(iterations=1, blocks=1, prior_channels={prior: channels[prior] for prior in priors})
    searched = SearchNetwork(Restorer(config, space, Supernet), space, {})
    assert active(searched, draw(5)).mixtures == {
        name: restriction(fair_branch(space[name], draw(5))) for name in space
    }
