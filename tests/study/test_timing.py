"""Which jobs time a study's networks, and what they found."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.study.job_folder import JobFolder
from mfps.study.jobs import Job, Jobs, Network
from mfps.study.timing import measured_ms, timed_on, timings_of

ARCHITECTURES = st.lists(st.sampled_from("abc"), min_size=1, max_size=6)
"""Of the labels of a study, in the plan's order; each has two seeds."""


def planned(architectures):
    """A study's networks, and the architecture of each by its name."""
    networks = {
        Network(f"{label}-seed{seed}", "arm", "random", seed, None, None, (), "", f"timings/{label}"): architecture
        for label, architecture in enumerate(architectures)
        for seed in (0, 1)
    }
    return Jobs({}, tuple(networks)), {network.name: found for network, found in networks.items()}


@given(ARCHITECTURES, st.data())
def test_every_architecture_that_was_judged_is_timed_once_and_stays_so(architectures, data):
    jobs, known = planned(architectures)
    judged = data.draw(st.sets(st.sampled_from(sorted(known)), min_size=1))
    timings = sorted({network.timing for network in jobs.networks if network.name in judged})
    done = data.draw(st.sets(st.sampled_from(timings)))
    of_judged = {name: known[name] for name in judged}
    found = timings_of(jobs, of_judged, done)
    able = {network.timing: known[network.name] for network in jobs.networks if network.name in judged}
    assert found.chosen.keys() == set(able.values())
    for architecture, job in found.chosen.items():
        same = [name for name, of in able.items() if of == architecture]
        assert job == next((name for name in same if name in done), same[0])
    assert set(found.chosen.values()) | found.spare | done == able.keys()
    assert not found.spare & (done | set(found.chosen.values()))
    after = timings_of(jobs, of_judged, done | set(found.chosen.values()))
    assert after == found
    grown = timings_of(jobs, known, done | set(found.chosen.values()))
    assert {name: grown.chosen[name] for name in found.chosen} == found.chosen
    assert grown.spare >= found.spare


def test_networks_of_a_plan_without_timing_are_not_timed():
    jobs, known = planned("ab")
    untimed = Jobs({}, tuple(network._replace(timing=None) for network in jobs.networks))
    assert not timings_of(untimed, known, set()).chosen


@pytest.mark.parametrize(("counts", "ms"), [("cpu_ms", 3.0), ("ms", 5.0)])
def test_the_time_is_that_of_one_face_by_the_clock_that_counts(tmp_path, counts, ms):
    folder = JobFolder(tmp_path, Job("timings/a", "timing", "a", 0, "bench", {}))
    folder.run.mkdir()
    row = {"counts": counts, "cpu_ms": 6.0, "ms": 10.0, "size": 16, "batch": 2, "threads": 1}
    folder.product.write_text(json.dumps({"device": "a machine", "measured": [row]}))
    assert folder.done
    assert measured_ms(folder) == ms
    assert timed_on([folder, folder]) == ["a machine: 16 px, 2 at a time, 1 thread"]
