"""The jobs of a plan."""

import pytest
from mfps.genotypes.hand_made import HandMade
from mfps.study.architectures import Architecture
from mfps.study.arms import AgainArm, ExtremeArm, GenotypeArm, HandMadeArm, RandomArm, SearchArm
from mfps.study.jobs import jobs_of
from mfps.study.plan import Plan

SEARCHED = SearchArm(kind="search", budgets=[{"max_gflops": 0.1}, {"max_parameters": "90%"}], search_seeds=(0, 3))
ARMS = {
    "searched": SEARCHED,
    "random": RandomArm(kind="random", bins=2),
    "cheapest": ExtremeArm(kind="cheapest", seeds=(0, 1, 2)),
    "nafnet": HandMadeArm(kind="hand-made", network="nafnet", gflops=0.1),
    "known": GenotypeArm(kind="genotype", genotype="mfpsnet"),
}


@pytest.fixture
def known(drawn_genotype):
    """Made-up architectures of the arms that no search has to find."""
    one = drawn_genotype()
    return {
        "random": [Architecture("bin0-0", one, True), Architecture("bin1-0", one, True)],
        "cheapest": [Architecture("", one, True)],
        "nafnet": [Architecture("", HandMade("nafnet", 4, 2), False)],
        "known": [Architecture("", one, False)],
    }


def planned(known, arms=ARMS, rates=(1e-3,), **changed):
    plan = Plan(name="test", recipe={}, judge={}, search={}, arms=arms, **changed)
    return jobs_of(plan, known, dict.fromkeys(arms, rates) if isinstance(rates, tuple) else rates)


def test_every_job_stands_behind_those_it_waits_for(known):
    jobs = planned(known, rates=(1e-3, 2e-3)).jobs
    seen = set()
    for name, job in jobs.items():
        assert job.name == name
        assert seen.issuperset(job.after)
        seen.add(name)


def test_a_plan_gives_each_network_its_trainings_and_one_judging(known):
    found = planned(known, rates=(1e-3, 2e-3), seeds=(0, 5))
    assert len(found.networks) == len({network.name for network in found.networks}) == (4 + 2 + 1 + 1) * 2 + 3
    what = [job.what for job in found.jobs.values()]
    assert {name: what.count(name) for name in set(what)} == {
        "search": 2,
        "selection": 4,
        "training": 2 * len(found.networks),
        "judging": len(found.networks),
        "ranking": 2,
    }
    for network in found.networks:
        assert found.jobs[network.judging].after == network.trainings
        assert {found.jobs[name].options["lr"] for name in network.trainings} == {1e-3, 2e-3}
        assert {found.jobs[name].options["seed"] for name in network.trainings} == {network.seed}
        assert all(found.jobs[name].after for name in network.trainings) == (network.kind == "search")


def test_selections_on_one_supernet_follow_each_other(known):
    jobs = planned(known).jobs
    assert jobs["selections/seed3-90-percent-parameters"].after == (
        "searches/seed3",
        "selections/seed3-0.1-gflops",
    )


def test_what_the_supernets_contain_is_ranked_on_each_and_nothing_else(known):
    jobs = planned(known).jobs
    ranked = [job.options["genotype"] for job in jobs.values() if job.what == "ranking"]
    assert ranked[0] == ranked[1]
    assert len(ranked[0]) == 4 + 2 + 1


def test_a_plan_with_timing_times_what_it_trains_whatever_the_seeds_and_last(known):
    assert all(network.timing is None for network in planned(known).networks)
    found = planned(known, seeds=(0, 5), timing={})
    timings = [job for job in found.jobs.values() if job.what == "timing"]
    assert list(found.jobs.values())[-len(timings) :] == timings
    trained = {(network.arm, network.name.removesuffix(f"seed{network.seed}")) for network in found.networks}
    assert {network.timing for network in found.networks} == {job.name for job in timings}
    assert len(timings) == len(trained) == 4 + 2 + 1 + 1 + 1


@pytest.mark.parametrize(
    "grown",
    [
        {"timing": {"threads": 1}},
        {"arms": {**ARMS, "dearest": ExtremeArm(kind="dearest")}},
        {"seeds": (0, 1)},
        {"arms": {**ARMS, "searched": SEARCHED.model_copy(update={"search_seeds": (0, 3, 1)})}},
    ],
)
def test_a_plan_that_grows_keeps_its_jobs(known, grown):
    before = planned(known).jobs
    more = planned({**known, "dearest": known["cheapest"]}, **grown).jobs
    assert len(more) > len(before)
    for name, job in before.items():
        assert job.what == "ranking" or more[name] == job


def test_an_arm_has_its_own_rates_and_says_what_its_trainings_differ_in(known):
    fast = GenotypeArm(kind="genotype", genotype="mfpsnet", recipe={"solver": "sgd", "weight-decay": 0.1})
    arms = {"known": ARMS["known"], "fast": fast}
    found = planned({**known, "fast": known["known"]}, arms, {"known": (1e-3,), "fast": (0.1, 0.2)})
    by_arm = {network.arm: network for network in found.networks}
    assert {arm: network.way for arm, network in by_arm.items()} == {
        "known": "",
        "fast": "solver sgd, weight_decay 0.1",
    }
    assert {arm: [found.jobs[name].options["lr"] for name in network.trainings] for arm, network in by_arm.items()} == {
        "known": [1e-3],
        "fast": [0.1, 0.2],
    }


def test_networks_that_are_judged_again_are_not_trained_again(known):
    again = AgainArm(kind="again", networks_of="cheapest", judge={"iterations": 1})
    arms = {"again": again, "cheapest": ARMS["cheapest"]}  # in this order: the other arm may stand behind it
    found = planned(known, arms)
    before = planned(known, {"cheapest": ARMS["cheapest"]})
    new = {name: job for name, job in found.jobs.items() if name not in before.jobs}
    assert {job.what for job in new.values()} == {"judging"}
    assert [job.seed for job in new.values()] == [0, 1, 2]
    trained = {network.seed: network.trainings for network in before.networks}
    judged = {network.seed: network for network in found.networks if network.arm == "again"}
    assert {seed: network.trainings for seed, network in judged.items()} == trained
    assert all(found.jobs[network.judging].after == network.trainings for network in judged.values())
