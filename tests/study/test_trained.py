import numpy as np
import pytest
from mfps.study.trained import MOST_DB, trained_networks

from .made_up import outcome, study


def test_the_order_of_the_outcomes_has_no_influence():
    made = study(np.random.default_rng(0))
    first = trained_networks(made)
    for seed in range(3):
        mixed = trained_networks([made[place] for place in np.random.default_rng(seed).permutation(len(made))])
        assert mixed.outcomes == first.outcomes
        assert [network.name for network in mixed.networks] == [network.name for network in first.networks]
    assert sorted(first.outcomes) == sorted(made)
    assert not first.problems


def test_a_network_has_all_its_seeds_and_every_name_is_one_networks():
    trained = trained_networks(study(np.random.default_rng(0)))
    names = [network.name for network in trained.networks]
    assert len(set(names)) == len(names)
    assert {"cheapest", "nafnet", "published", "searched 0.1 GFLOPs search 2", "random 00000000"} - set(names) == {
        "random 00000000"  # of twenty hashes that begin alike each is written out
    }
    (cheapest,) = (network for network in trained.networks if network.name == "cheapest")
    assert cheapest.seeds == (0, 1, 2)
    assert cheapest.psnr.shape == cheapest.ssim.shape == (3, 8)


@pytest.mark.parametrize(
    "others",
    [
        [outcome(kind="random"), outcome(kind="genotype")],
        [outcome(architecture="ab" * 32), outcome(architecture="abababab" + "c" * 56)],
        [outcome(budget="x"), outcome(budget="x", search_seed=0), outcome(search_seed=0)],
    ],
)
def test_names_say_as_much_as_it_takes(others):
    names = [network.name for network in trained_networks(others).networks]
    assert len(set(names)) == len(others)


def test_what_cannot_be_compared_is_left_out_and_said():
    kept = [outcome(), outcome(seed=1)]
    others = {
        "other faces": outcome(seed=2, faces=("0.png", "2.png")),
        "not a number": outcome(seed=3, psnr=(np.nan, 20)),
        "no score for each": outcome(seed=4, ssim=(0.5,)),
        "the same training": outcome(job="z"),
    }
    trained = trained_networks([*kept, *others.values()])
    assert trained.outcomes == tuple(kept)
    assert len(trained.problems) == len(others)
    for why, one in others.items():
        assert any(why in problem and problem.startswith(one.job) for problem in trained.problems)


def test_a_face_restored_to_the_bit_has_a_finite_score():
    trained = trained_networks([outcome(psnr=(np.inf, 20), val_psnr=np.inf)])
    (network,) = trained.networks
    assert network.psnr.tolist() == [[MOST_DB, 20]]
    assert network.val_psnr == MOST_DB
    assert len(trained.problems) == 1


def test_faces_are_matched_by_name_and_several_scores_of_a_face_are_one():
    first = outcome(psnr=(20, 22, 30), faces=("a", "b", "a"))
    second = outcome(seed=1, psnr=(1, 2, 3), faces=("b", "a", "a"))
    (network,) = trained_networks([first, second]).networks
    assert network.psnr.tolist() == [[25, 22], [2.5, 1]]


def test_without_outcomes_there_is_nothing():
    assert trained_networks([]) == ((), (), (), None, None, ())
