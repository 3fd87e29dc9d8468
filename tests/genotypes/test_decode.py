import dataclasses
import math
from itertools import combinations, product

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.genotypes.decode import BranchProbabilities, best_paths, decode_branch, decode_cell, path_score
from mfps.genotypes.operations import PUBLISHED_OPERATIONS as OPERATIONS
from mfps.genotypes.space import EDGES, NODES, BranchSpace, End

SPACES = [
    BranchSpace("upsample", 8),
    BranchSpace("upsample", 8, monotone=True),
    BranchSpace("parsing", 8),
    BranchSpace("parsing", 8, monotone=True),
    BranchSpace("fusion", 8, layers=3),
    BranchSpace("upsample", 8, layers=4, least_layers=1),
    BranchSpace("parsing", 8, layers=3, least_layers=2),
]
ONE_EACH = np.full((len(EDGES), len(OPERATIONS)), 1 / len(OPERATIONS))


def even(space: BranchSpace) -> BranchProbabilities:
    transitions = {t: 1 / len(space.incoming(t.layer, t.target)) for t in space.transitions}
    return BranchProbabilities(ONE_EACH, transitions, dict.fromkeys(space.ends, 1 / len(space.ends)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_viterbi_agrees_with_brute_force(space, seed, beliefs):
    probabilities = beliefs(space, seed)
    brute = sorted(((path_score(space, probabilities, path), path) for path in space.paths()), reverse=True)
    decoded = decode_branch(space, probabilities, top_k=7)
    assert [path for _, path in decoded.paths] == [path for _, path in brute[:7]]
    assert [score for score, _ in decoded.paths] == pytest.approx([score for score, _ in brute[:7]], abs=1e-12)
    assert decoded.genotype.path == list(brute[0][1])
    margin = brute[0][0] - brute[1][0] if len(brute) > 1 else math.inf
    assert decoded.path_margin == pytest.approx(margin, abs=1e-12)


def test_the_score_is_the_product_of_the_odds_against_even_ones(beliefs):
    space = BranchSpace("upsample", 8, layers=2)
    given = beliefs(space, 0)
    # One transition leads into each of (0, x1) and (0, x2), and one into (1, x4), from x2; the ends are x1, x2 and x4.
    assert path_score(space, given, (2, 4)) == pytest.approx(math.log(given.ends[End(1, 4)] * 3))
    into_x2 = [t for t in space.transitions if t.layer == 1 and t.target == 2]
    by_hand = math.log(given.transitions[into_x2[0]] * 2) + math.log(given.ends[End(1, 2)] * 3)
    assert path_score(space, given, (into_x2[0].source, 2)) == pytest.approx(by_hand)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_even_odds_leave_every_path_at_zero_and_ties_go_in_order(space):
    paths = best_paths(space, even(space), top_k=1000)
    assert [scored.path for scored in paths] == sorted(space.paths())
    assert max(abs(scored.score) for scored in paths) < 1e-12
    assert decode_branch(space, even(space)).genotype.path == list(min(space.paths()))


@pytest.mark.parametrize("path", [(1, 1, 2, 4, 8, 8), (2, 4, 8, 4, 2, 1)])
def test_one_hot_odds_give_their_path_with_an_infinite_margin(path):
    space = BranchSpace("upsample", 8)
    steps = {(i, s, t) for i, (s, t) in enumerate(zip((1, *path), path, strict=False))}
    cells = {(layer, target) for layer, _, target in steps}
    given = even(space)
    transitions = {t: float(t in steps) if (t.layer, t.target) in cells else p for t, p in given.transitions.items()}
    one_hot = dataclasses.replace(
        given, transitions=transitions, ends={end: float(end.rate == path[-1]) for end in given.ends}
    )
    decoded = decode_branch(space, one_hot)
    assert decoded.genotype.path == list(path)
    assert decoded.path_margin == math.inf


@pytest.mark.parametrize("seed", range(20))
def test_the_cell_is_the_strongest_of_all_cells(seed):
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(OPERATIONS)), len(EDGES))
    cell, margin = decode_cell(BranchSpace("parsing", 8), weights)
    # A cell's strength is a sum over its nodes, so the best of all cells is made of each node's best.
    expected = {}
    for node in NODES:
        into = [e for e, edge in enumerate(EDGES) if edge.target == node]
        choices = product(combinations(into, 2), product(range(len(OPERATIONS)), repeat=2))
        pair, ops = max(choices, key=lambda choice: sum(weights[e, o] for e, o in zip(*choice, strict=True)))
        expected |= {EDGES[e]: OPERATIONS[o] for e, o in zip(pair, ops, strict=True)}
    assert {kept.edge: kept.op for kept in cell} == expected
    assert 0 < margin < 1


def test_skip_counts_like_every_other_operation():
    weights = np.full((len(EDGES), len(OPERATIONS)), 0.1)
    weights[:, 0] = 0.2
    weights[[2, 4], 0] = 0.9  # the skips by themselves make s0 -> n1 and n0 -> n1 the strongest edges into n1
    cell, _ = decode_cell(BranchSpace("parsing", 8), weights)
    assert {kept.op for kept in cell} == {"skip"}
    assert [kept.source for kept in cell if kept.target == "n1"] == ["s0", "n0"]


def test_the_cell_margin_is_the_closest_call():
    four = BranchSpace("parsing", 8, operations=OPERATIONS[:4])
    weights = np.tile([0.7, 0.1, 0.1, 0.1], (len(EDGES), 1))
    weights[4] = [0.4, 0.2, 0.2, 0.2]
    weights[5] = [0.5, 0.3, 0.1, 0.1]
    weights[7] = [0.68, 0.12, 0.1, 0.1]
    _, margin = decode_cell(four, weights)
    assert margin == pytest.approx(0.02)


def test_ties_go_to_the_earlier_edge_and_operation():
    cell, margin = decode_cell(BranchSpace("parsing", 8), ONE_EACH)
    assert [(kept.source, kept.target, kept.op) for kept in cell] == [
        (source, node, "skip") for node in NODES for source in ("s0", "s1")
    ]
    assert margin == 0


def test_with_one_operation_the_cell_margin_is_infinite():
    space = BranchSpace("parsing", 8, operations=("conv_3x3",))
    cell, _ = decode_cell(space, np.ones((len(EDGES), 1)))
    assert {kept.op for kept in cell} == {"conv_3x3"}


@pytest.mark.parametrize("shape", [(9,), (len(OPERATIONS), 9), (8, len(OPERATIONS)), (9, len(OPERATIONS) - 1)], ids=str)
def test_weights_of_the_wrong_shape(shape):
    with pytest.raises(MfpsError, match=rf"expected \(9, {len(OPERATIONS)}\)"):
        decode_cell(BranchSpace("parsing", 8), np.ones(shape))
