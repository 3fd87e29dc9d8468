import numpy as np
import pytest
from mfps.study.estimates import alone, estimate, evidence_of, interval_of, together
from mfps.study.trained import trained_networks

from .made_up import outcome


def evidence(*outcomes):
    return evidence_of(trained_networks(outcomes).networks)


def test_the_first_sample_is_what_was_measured():
    made = evidence(outcome(psnr=(20, 24)), outcome(architecture="1", seed=0, psnr=(21, 22)))
    assert made.means["psnr"][0] == pytest.approx([22, 21.5])
    assert made.faces == 2
    assert made.means["psnr"].shape == (10_000, 2)


def test_faces_are_the_same_for_both_sides():
    """Faces that are hard for both make no difference uncertain."""
    hard = np.random.default_rng(0).normal(20, 5, 30)
    made = evidence(
        *(outcome(seed=seed, psnr=hard + 0.1) for seed in (0, 1)),
        *(outcome(architecture="1", seed=seed, psnr=hard) for seed in (0, 1)),
    )
    found = estimate(alone(made, 0, "psnr"), 30, alone(made, 1, "psnr"))
    assert found.complete
    assert [found.value, *found.interval] == pytest.approx([0.1] * 3)
    assert np.diff(estimate(alone(made, 0, "psnr"), 30).interval) > 1


def test_intervals_hold_a_difference_about_as_often_as_they_say():
    """One architecture against another, three searches against it; the noise is known from two others."""
    rng, held = np.random.default_rng(0), np.zeros(2)
    for _ in range(100):
        hard = rng.normal(22, 2, 12)

        def train(name, seed, level, search=None, hard=hard):
            psnr = level + hard + rng.normal(0, 0.05, 12) + rng.normal(0, 0.05)
            kind = "random" if search is None else "search"
            return outcome(name, kind, name, seed, psnr=psnr, search_seed=search)

        known = [train(name, seed, 0) for name in "no" for seed in range(3)]
        found = [train(f"s{number}", 0, 0.3 + rng.normal(0, 0.1), number) for number in range(3)]
        made = evidence(train("a", 0, 0.2), train("b", 0, 0), *known, *found)
        places = {network.arm: place for place, network in enumerate(made.networks)}
        first, other = (alone(made, places[name], "psnr") for name in "ab")
        searched = together(made, [places[f"s{number}"] for number in range(3)], "psnr")
        for number, (side, truth) in enumerate(((first, 0.2), (searched, 0.3))):
            low, high = estimate(side, 12, other).interval
            held[number] += low <= truth <= high
    assert ((held >= 90) & (held <= 100)).all()


def test_without_repeated_seeds_an_interval_is_not_complete():
    made = evidence(outcome(psnr=(20, 24)), outcome(architecture="1", psnr=(21, 22)))
    found = estimate(alone(made, 0, "psnr"), 2, alone(made, 1, "psnr"))
    assert found.interval is not None
    assert not found.complete
    assert "unknown" in alone(made, 0, "psnr").basis


def test_a_single_face_has_no_interval_or_one_of_seeds_alone():
    made = evidence(outcome(psnr=(20,)), outcome(architecture="1", psnr=(21,)))
    assert estimate(alone(made, 0, "psnr"), 1) == (20, None, False)
    made = evidence(outcome(psnr=(20,)), outcome(seed=1, psnr=(21,)))
    found = estimate(alone(made, 0, "psnr"), 1)
    assert found.interval[0] < found.value < found.interval[1]
    assert not found.complete


def test_searches_that_found_one_architecture_are_one_training():
    """Three times the same network does not say that a fourth search would find it too."""
    found = [outcome("s", "search", "1", search_seed=seed, psnr=(21, 22)) for seed in range(3)]
    known = [outcome(architecture="2", seed=seed, psnr=(20 + seed, 24)) for seed in (0, 1)]
    made = evidence(*found, *known)
    places = [place for place, network in enumerate(made.networks) if network.kind == "search"]
    side = together(made, places, "psnr")
    assert side.error == alone(made, places[0], "psnr").error > 0
    assert side.means[0] == 21.5


def test_more_seeds_make_a_narrower_interval():
    few, many = (
        evidence(*(outcome(seed=seed, psnr=(20 + seed % 2, 21 + seed % 2)) for seed in range(count)))
        for count in (2, 20)
    )
    widths = [np.diff(estimate(alone(made, 0, "psnr"), 2).interval)[0] for made in (few, many)]
    assert widths[0] > 3 * widths[1]


def test_an_interval_leaves_out_as_much_at_both_ends():
    assert interval_of(np.arange(1001.0)) == pytest.approx((25, 975))
