import numpy as np
import pytest
from mfps.study.seed_noise import seed_noise
from mfps.study.trained import trained_networks

from .made_up import outcome


def noise(*outcomes):
    return seed_noise(trained_networks(outcomes).networks, "psnr")


def runs(architecture, levels, arm="a"):
    made = [outcome(arm, architecture=architecture, seed=seed, psnr=(x, x + 2)) for seed, x in enumerate(levels)]
    return made


def test_it_pools_what_every_architecture_says():
    found = noise(*runs("a", [20, 21, 22]), *runs("b", [30, 30.5]), *runs("c", [5]))
    assert found.freedom == 3
    assert found.deviation == pytest.approx(((2 * 1 + 1 * 0.125) / 3) ** 0.5)
    assert found.interval[0] < found.deviation < found.interval[1]
    assert [spread.means for spread in found.spreads] == [(21, 22, 23), (31, 31.5)]


def test_one_training_in_two_arms_counts_once():
    assert noise(*runs("a", [20, 21]), *runs("a", [20, 21], "b")).freedom == 1


def test_other_trainings_of_an_architecture_are_not_its_own_and_judging_again_counts_nothing():
    made = [*runs("a", [20, 21]), *(one._replace(way="solver sgd") for one in runs("a", [25, 26], "b"))]
    alone = noise(*made)
    assert [spread.means for spread in alone.spreads] == [(21, 22), (26, 27)]
    again = [one._replace(kind="again") for one in runs("a", [20, 28], "c")]
    assert noise(*made, *again) == alone


@pytest.mark.parametrize("levels", [[], [20]])
def test_one_seed_says_nothing(levels):
    found = noise(*runs("a", levels))
    assert (found.deviation, found.interval, found.detectable, found.freedom) == (None, None, None, 0)


def test_intervals_hold_the_truth_and_noise_is_rarely_detected():
    rng, held, beyond = np.random.default_rng(0), 0, 0
    for _ in range(200):
        found = noise(*runs("a", rng.normal(0, 0.1, 3)), *runs("b", rng.normal(0, 0.1, 3)))
        held += found.interval[0] <= 0.1 <= found.interval[1]
        beyond += abs(rng.normal(0, 0.1) - rng.normal(0, 0.1)) > found.detectable
    assert 182 <= held <= 198
    assert 2 <= beyond <= 18
