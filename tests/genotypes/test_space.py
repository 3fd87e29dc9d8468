from itertools import combinations, product

import pytest
from mfps.errors import MfpsError
from mfps.genotypes.operations import PUBLISHED_OPERATIONS
from mfps.genotypes.space import (
    BRANCHES,
    EDGES,
    NODES,
    RATES,
    BranchSpace,
    Edge,
    Transition,
    cell_channels,
    cell_width,
    fusion_width,
    level,
    search_space,
)

SPACES = [
    BranchSpace(name, 8, layers, monotone)
    for name, layers, monotone in product(("upsample", "parsing"), (1, 2, 5, 6), (False, True))
] + [BranchSpace(name, 8, 4, least_layers=least) for name, least in product(("upsample", "parsing"), (1, 3, 4))]


@pytest.mark.parametrize("name", BRANCHES)
def test_six_layers_from_an_end_rate_have_the_published_counts(name):
    space = BranchSpace(name, 8)
    assert len(space.transitions) == 45
    assert sum(len(rates) for rates in space.rates) == 21
    assert len(space.paths()) == 233


def test_a_cell_has_nine_edges_and_the_published_operations_make_73728_cells():
    assert len(EDGES) == 9
    assert EDGES[4] == Edge("n0", "n1")
    assert EDGES[8] == Edge("n1", "n2")
    pairs = 1
    for node in NODES:
        pairs *= len(list(combinations([edge for edge in EDGES if edge.target == node], 2)))
    assert pairs * len(PUBLISHED_OPERATIONS) ** 6 == 73_728


def test_monotone_counts():
    up = BranchSpace("upsample", 8, monotone=True)
    assert len(up.paths()) == 42
    assert len(up.transitions) == 2 + 4 + 6 + 3 * 7
    assert up.rates == ((1, 2), (1, 2, 4), RATES, RATES, RATES, RATES)
    assert all(target >= source for _, source, target in up.transitions)
    assert BranchSpace("parsing", 8, monotone=True).paths() == [(8,) * 6]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_legal_paths_are_those_whose_every_step_is_a_transition(space):
    transitions = set(space.transitions)

    def can_be_walked(path):
        steps = zip((space.start_rate, *path), path, strict=False)
        return all(Transition(i, source, target) in transitions for i, (source, target) in enumerate(steps))

    lengths = range(space.least_layers or space.layers, space.layers + 1)
    walked = [path for length in lengths for path in product(RATES, repeat=length) if can_be_walked(path)]
    assert walked == space.paths()
    every = [path for length in range(space.layers + 2) for path in product(RATES, repeat=length)]
    assert [path for path in every if space.is_legal(path)] == walked
    assert {(len(path) - 1, path[-1]) for path in walked} == set(space.ends)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_incoming_transitions_partition_all_transitions(space):
    cells = [(layer, rate) for layer, rates in enumerate(space.rates) for rate in rates]
    assert tuple(t for cell in cells for t in space.incoming(*cell)) == space.transitions
    assert all(space.incoming(*cell) for cell in cells)


@pytest.mark.parametrize("path", [(), (2,) * 5, (2,) * 7, (4, 4, 4, 4, 4, 4), (2, 3, 4, 4, 4, 4), (2, 4, 8, 2, 2, 2)])
def test_illegal_paths(path):
    assert not BranchSpace("upsample", 8).is_legal(path)


def test_widths_and_levels():
    assert [level(rate) for rate in RATES] == [3, 2, 1, 0]
    assert [cell_width(8, rate) for rate in RATES] == [64, 32, 16, 8]
    assert cell_channels(8, 1) == 192
    assert fusion_width(8, [8, 8, 8]) == 48


def test_the_search_space_of_frsnet_is_one_branch_and_priors_add_fusion():
    assert list(search_space()) == ["upsample"]
    space = search_space(("dictionary", "parsing"), width=4, monotone_upsample=True)
    assert list(space) == ["upsample", "parsing", "dictionary", "fusion"]
    assert (space["fusion"].width, space["fusion"].layers) == (20, 8)
    assert (space["upsample"].monotone, space["parsing"].monotone) == (True, False)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: search_space(("nose",)), "nose"),
        (lambda: BranchSpace("nose", 8), "nose"),
        (lambda: BranchSpace("fusion", 8, operations=("conv_9x9",)), "conv_9x9"),
        (lambda: BranchSpace("fusion", 8, operations=()), "operation"),
        (lambda: BranchSpace("fusion", 8, layers=0), "0 layers"),
        (lambda: BranchSpace("fusion", 8, layers=65), "65 layers"),
        (lambda: BranchSpace("fusion", 0), "width 0"),
        (lambda: BranchSpace("fusion", 8, layers=3, least_layers=0), "at least 0 layers: a path has 1 to 3"),
        (lambda: BranchSpace("fusion", 8, layers=3, least_layers=4), "at least 4 layers: a path has 1 to 3"),
    ],
)
def test_impossible_spaces(make, named):
    with pytest.raises(MfpsError, match=named):
        make()
