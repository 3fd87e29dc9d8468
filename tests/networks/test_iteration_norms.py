"""Norms of each iteration's own: what is shared is one tensor, in the network, in its gradient and in its file."""

import copy

import pytest
import torch
from mfps.networks.folded_norm import fold_norms
from mfps.networks.synchronised_norm import synchronise_norms
from torch import nn
from torch.optim.swa_utils import AveragedModel

NORMS = (nn.BatchNorm2d,)


def kept_apart(build, iterations=3, priors=(), **how):
    return build(priors, iterations=iterations, shared_norms=False, **how)


def norms_of(path):
    return [module for module in path.modules() if isinstance(module, NORMS)]


@pytest.mark.parametrize("iterations", [1, 2, 3])
@pytest.mark.parametrize("priors", [(), ("parsing", "dictionary")], ids=len)
def test_only_the_norms_of_the_upsample_branch_are_there_once_more(build, priors, iterations):
    apart, shared = kept_apart(build, iterations, priors), build(priors, iterations=iterations)
    more = sum(p.numel() for norm in norms_of(shared.paths["upsample"]) for p in norm.parameters())
    count = [sum(p.numel() for p in network.parameters()) for network in (apart, shared)]
    assert count[0] == count[1] + (iterations - 1) * more
    assert {name: len(passes) for name, passes in apart.passes.items()} == {
        name: apart.config.norm_sets(name) for name in shared.paths
    }


@torch.no_grad()
def test_as_long_as_all_sets_are_alike_it_is_the_network_that_shares_them(build, faces, randomised):
    shared = randomised(build(iterations=3))
    apart = kept_apart(build)
    state = dict(shared.state_dict())
    for number in range(2):
        names = {name: f"later_passes.{number}.{name.removeprefix('paths.upsample.')}" for name in shared.state_dict()}
        state |= {new: state[name] for name, new in names.items() if new in apart.state_dict()}
    apart.load_state_dict(state)
    image, _ = faces(shared, batch=2)
    for one, other in zip(shared(image, iterations=5), apart(image, iterations=5), strict=True):
        assert torch.equal(one, other)


def test_each_set_sees_its_iteration_alone(build, faces):
    """The first has the statistics of a network of one iteration; the last those of all later ones."""
    first, apart = build(iterations=1).train(), kept_apart(build, 2).train()
    image, _ = faces(first, batch=2)
    first(image)
    outputs = apart(image)
    for own, alone in _statistics(apart.paths["upsample"], first.paths["upsample"]):
        assert torch.equal(own, alone)
    second = build(iterations=1).train()
    second(outputs[0])
    for own, alone in _statistics(apart.later_passes[0], second.paths["upsample"]):
        assert torch.allclose(own, alone, atol=1e-6)


def _statistics(one, other):
    return [(a.running_mean, b.running_mean) for a, b in zip(norms_of(one), norms_of(other), strict=True)]


def test_all_iterations_teach_the_convolutions_they_share(build, faces, randomised):
    apart = randomised(kept_apart(build, 2)).train()
    image, _ = faces(apart, batch=2)
    conv = apart.paths["upsample"].stem.conv.weight
    (alone,) = torch.autograd.grad(apart(image)[0].square().sum(), conv)
    (both,) = torch.autograd.grad(sum(output.square().sum() for output in apart(image)), conv)
    assert not torch.allclose(alone, both)
    assert apart.later_passes[0].stem.conv.weight is conv


@pytest.mark.parametrize("wrapped", [lambda network: network, AveragedModel], ids=["bare", "averaged"])
def test_a_state_dict_holds_every_tensor_once_and_is_enough(build, faces, randomised, wrapped):
    network = wrapped(randomised(kept_apart(build)))
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    places = [tensor.data_ptr() for tensor in network.state_dict().values()]
    assert len(set(places)) == len(places)
    assert {name.rsplit(".", 2)[1] for name in state if "later_passes" in name} == {"bn"}
    again = wrapped(kept_apart(build, seed=0))
    again.load_state_dict(state)
    image, _ = faces(kept_apart(build), batch=2)
    for one, other in zip(network.eval()(image), again.eval()(image), strict=True):
        assert torch.equal(one, other)
    inner = again.module if isinstance(again, AveragedModel) else again
    assert inner.later_passes[1].stem.conv.weight is inner.paths["upsample"].stem.conv.weight


def test_a_state_dict_without_a_set_is_refused(build):
    state = kept_apart(build, 2).state_dict()
    with pytest.raises(RuntimeError, match=r"Missing key.*later_passes\.1\."):
        kept_apart(build, 3).load_state_dict(state)
    with pytest.raises(RuntimeError, match=r"Unexpected key.*later_passes\.0\."):
        build(iterations=2).load_state_dict(state)


@torch.no_grad()
@pytest.mark.parametrize("synchronised", [False, True])
def test_folded_norms_and_copies_give_the_same_faces(build, faces, randomised, difference, synchronised):
    network = randomised(kept_apart(build))
    if synchronised:
        synchronise_norms(network)
    image, _ = faces(network, batch=2)
    folded = fold_norms(network.eval())
    assert not norms_of(folded)
    for expected, *found in zip(network(image), folded(image), copy.deepcopy(network)(image), strict=True):
        assert all(difference(one, expected) < 1e-5 for one in found)
    # Weights into which different norms were folded are different tensors, and none may be lost.
    assert folded.state_dict().keys() >= {"later_passes.0.stem.conv.weight", "later_passes.1.stem.conv.weight"}
