"""A selection's laws: the front, the budget, the same bytes after a kill, nothing measured twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError, RunStopped
from mfps.genotypes.evaluations import EVALUATIONS, measured
from mfps.genotypes.genotype_file import read_genotype
from mfps.nas.budget import Budget
from mfps.nas.selection.measurements import Proposal
from mfps.nas.selection.select import Plan, non_dominated, select

from .conftest import every_branch

GENOTYPE = read_genotype("mfpsnet")


def proposal(psnr, cost):
    return Proposal(GENOTYPE, measured(GENOTYPE, psnr, cost, "d" * 64), "a")


def as_good(one, other, cost):
    """Whether one proposal is at least as good as another and at most as dear."""
    a, b = one.evaluation, other.evaluation
    return a.psnr >= b.psnr and getattr(a, cost) <= getattr(b, cost)


@given(
    st.lists(st.builds(proposal, st.integers(0, 6).map(float), st.tuples(st.integers(0, 6), st.integers(0, 6)))),
    st.sampled_from(["flops", "parameters"]),
)
@settings(max_examples=300)
def test_a_front_is_what_nothing_dominates_by_ascending_cost(proposals, cost):
    front = non_dominated(proposals, cost)
    assert all(any(as_good(member, one, cost) for member in front) for one in proposals)
    for i, member in enumerate(front):
        assert not any(as_good(other, member, cost) for j, other in enumerate(front) if i != j)
    places = [(getattr(member.evaluation, cost), member.evaluation.psnr) for member in front]
    assert places == sorted(places)


@pytest.fixture(scope="module")
def small(make_candidates):
    """A space of two layers and two operations, of which everything is known."""
    return make_candidates(layers=2)


@pytest.fixture(scope="module")
def everything(small):
    genotypes = [small.genotype({"upsample": branch}) for branch in every_branch(small.spaces["upsample"])]
    assert len(genotypes) == len({genotype.hash for genotype in genotypes}) == 5 * 18 * 64
    return [(genotype, small.cost(genotype)) for genotype in genotypes]


@pytest.mark.parametrize(("cost", "share"), [("flops", 1.0), ("parameters", 0.3)])
def test_with_enough_generations_the_front_is_the_true_one(
    make_candidates, everything, judge, score, tmp_path, cost, share
):
    values = np.array([getattr(c, cost) for _, c in everything])
    limit = float(np.quantile(values, share))
    candidates = make_candidates(layers=2, budget=Budget(**{f"max_{cost}": limit}))
    counted = score(noise=0)
    found = select(candidates, judge(counted), {}, Plan(0, 40, 25, random=2, cost=cost), tmp_path)
    true = score(noise=0)
    proposals = [
        Proposal(g, measured(g, true(g), c, "d" * 64), "a") for g, c in everything if candidates.budget.admits(c)
    ]
    places, expected = (
        [(getattr(member.evaluation, cost), member.evaluation.psnr) for member in front]
        for front in (found.front, non_dominated(proposals, cost))
    )
    assert places == expected
    assert len(expected) > 4
    assert counted.calls == len(found.measured) < 0.6 * len(proposals)


PLAN = Plan(seed=3, population=6, generations=3, paths=4, random=2)


@pytest.fixture(scope="module")
def wide(make_candidates):
    return make_candidates(priors=("parsing",), layers=2)


def selected(candidates, judge, folder, score, plan=PLAN):
    """The front and the bytes of the measurements that a selection leaves."""
    folder.mkdir(exist_ok=True)
    starters = {
        name: candidates.random(np.random.default_rng(seed)) for name, seed in (("decoded", 8), ("cheapest", 9))
    }
    found = select(candidates, judge(score), starters, plan, folder)
    return found, (folder / EVALUATIONS).read_bytes()


@pytest.mark.parametrize("stops", [False, True])
@pytest.mark.parametrize("dies_at", [1, 2, 5, 11, 17, 23, 30])
def test_killed_anywhere_and_given_again_it_ends_with_the_same_bytes(wide, judge, score, tmp_path, dies_at, stops):
    undisturbed = score()
    whole = selected(wide, judge, tmp_path / "whole", undisturbed)
    assert undisturbed.calls > 30
    with pytest.raises(RunStopped if stops else KeyboardInterrupt):
        selected(wide, judge, tmp_path / "killed", score(dies_at, stops))
    with pytest.raises(KeyboardInterrupt):
        selected(wide, judge, tmp_path / "killed", score(2))
    counted = score()
    assert selected(wide, judge, tmp_path / "killed", counted) == whole
    assert counted.calls == undisturbed.calls - dies_at


def test_every_kind_of_proposal_is_counted_and_its_origin_known(wide, judge, score, tmp_path):
    found, _ = selected(wide, judge, tmp_path, score())
    tally = found.tally
    assert (tally.starters, tally.generations, tally.earlier) == (4, 18, 0)
    assert 0 < tally.paths <= 3 * 4
    assert sum(tally.model_dump().values()) == len(found.measured)
    assert {member.origin.split(" ")[0] for member in found.front} <= {
        "decoded", "cheapest", "random", "paths", "generation",
    }  # fmt: skip
    assert [baseline.name for baseline in found.baselines] == ["decoded", "cheapest", "random 1", "random 2"]


def test_another_budget_measures_nothing_twice_and_knows_what_was_measured(make_candidates, judge, score, tmp_path):
    free = make_candidates(layers=3)
    first = select(free, judge(score()), {}, PLAN, tmp_path)
    middle = first.front[len(first.front) // 2].evaluation
    tight = make_candidates(layers=3, budget=Budget(max_flops=middle.flops))
    counted, measured_again = score(), []
    known = {evaluation.hash for evaluation in first.measured}
    watched = judge(lambda genotype: measured_again.append(genotype.hash in known) or counted(genotype))
    second = select(tight, watched, {}, PLAN, tmp_path)
    assert not any(measured_again)
    assert max(member.evaluation.flops for member in second.front) <= middle.flops
    assert second.front[-1].evaluation.psnr >= middle.psnr
    assert second.tally.earlier > 0
    same = score()
    assert select(free, judge(same), {}, PLAN, tmp_path).front[-1].evaluation.psnr >= first.front[-1].evaluation.psnr
    assert same.calls == 0


def test_without_generations_only_the_paths_are_tried(wide, judge, score, tmp_path):
    found, _ = selected(wide, judge, tmp_path, score(), PLAN._replace(generations=0))
    assert found.tally.generations == 0
    assert found.tally.paths > 0


def test_a_starter_outside_the_budget_is_only_a_baseline(make_candidates, judge, score, tmp_path):
    free = make_candidates(layers=3)
    drawn = sorted((free.random(np.random.default_rng(s)) for s in range(30)), key=lambda g: free.cost(g).flops)
    tight = make_candidates(layers=3, budget=Budget(max_flops=free.cost(drawn[10]).flops))
    found = select(tight, judge(score()), {"decoded": drawn[-1], "cheapest": drawn[0]}, PLAN, tmp_path)
    assert [baseline.psnr is None for baseline in found.baselines] == [True, False, False, False]
    assert found.baselines[0].gflops == free.cost(drawn[-1]).flops / 1e9
    assert all(evaluation.flops <= tight.budget.max_flops for evaluation in found.measured)


def test_nothing_within_the_budget(make_candidates, judge, score, tmp_path, refused):
    candidates = make_candidates(budget=Budget(max_flops=1.0))
    for starters in ({}, {"decoded": make_candidates().random(np.random.default_rng(0))}):
        with refused("no candidate within the budget .* was found; raise `max_gflops`"):
            select(candidates, judge(score()), starters, PLAN, tmp_path)
    assert not list(tmp_path.iterdir())


def test_progress_ends_where_it_was_planned(make_candidates, judge, score, tmp_path, console):
    candidates = make_candidates(layers=1, operations=("skip",))  # exhausted before the last generation
    found = select(candidates, judge(score()), {}, Plan(0, 8, 30, random=2), tmp_path, console)
    (line,) = console.file.getvalue().splitlines()
    assert line.startswith("select: 244/244")
    assert len(found.measured) == 36


def test_an_edited_measurement_ends_it_before_anything_is_measured(wide, judge, score, tmp_path):
    _, content = selected(wide, judge, tmp_path, score())
    (tmp_path / EVALUATIONS).write_bytes(content.replace(b'"psnr": 2', b'"psnr": 3', 1))
    counted = score()
    with pytest.raises(MfpsError, match=r"evaluations\.jsonl, line 1: was changed after it was written"):
        selected(wide, judge, tmp_path, counted)
    assert counted.calls == 0
