import copy

import pytest
import torch
from mfps.genotypes.space import PRIORS, BranchSpace
from mfps.nas.supernet import Supernet
from mfps.networks.folded_norm import fold_norms
from mfps.networks.operations import ConvNormReLU
from mfps.networks.synchronised_norm import SynchronisedBatchNorm, synchronise_norms
from torch import nn

NORMS = (nn.BatchNorm2d, SynchronisedBatchNorm)


@torch.no_grad()
@pytest.mark.parametrize("synchronised", [False, True])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("priors", [(), PRIORS], ids=len)
def test_the_outputs_stay_and_no_norm_is_left(priors, seed, synchronised, build, faces, randomised, difference):
    network = randomised(build(priors, seed=seed, width=2, iterations=2), seed)
    if synchronised:
        synchronise_norms(network)
    folded = fold_norms(network)
    assert not [module for module in folded.modules() if isinstance(module, NORMS)]
    given = faces(network, batch=2)
    for output, expected in zip(folded(*given), network(*given), strict=True):
        assert difference(output, expected) < 1e-5


@pytest.mark.parametrize("training", [False, True])
def test_the_argument_stays_as_it_is(training, build, faces, randomised):
    network = randomised(build(("heatmap",))).train(training)
    state = copy.deepcopy(network.state_dict())
    folded = fold_norms(network)
    assert network.training is training
    assert not folded.training
    assert not [parameter for parameter in folded.parameters() if parameter.requires_grad]
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert list(network.state_dict()) == list(state)
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    assert not {id(p) for p in network.parameters()} & {id(p) for p in folded.parameters()}


@torch.no_grad()
def test_a_supernet_folds_too(randomised, difference):
    supernet = randomised(Supernet(BranchSpace("parsing", 1, 2)))
    x = torch.rand(1, 1, 8, 8)
    assert difference(fold_norms(supernet)(x), supernet(x)) < 1e-5


@torch.no_grad()
def test_what_cannot_be_folded_is_left():
    """A norm before its convolution, and one without running statistics."""
    before = nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1))
    without = ConvNormReLU(2, 2, 3)
    without.bn.running_mean = without.bn.running_var = None
    x = torch.rand(2, 2, 4, 4)
    for network in (before, without):
        folded = fold_norms(network)
        assert [type(module) for module in folded.modules()] == [type(module) for module in network.modules()]
        assert torch.equal(folded(x), network.eval()(x))


@torch.no_grad()
def test_a_convolution_with_a_bias_folds(randomised, difference):
    network = randomised(nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)))
    x = torch.rand(1, 2, 5, 5)
    assert difference(fold_norms(network)(x), network(x)) < 1e-5
