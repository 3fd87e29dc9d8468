"""Re-estimated batch norms: a restricted supernet has those of the compiled network, and gets its own back."""

import pytest
import torch
from mfps.data.batch import FaceBatch
from mfps.data.dataset import FaceFolder
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import compile_genotype, slice_supernet
from mfps.nas.search_network import SearchNetwork
from mfps.nas.supernet import Supernet
from mfps.networks.network_config import NetworkConfig
from mfps.networks.restorer import Restorer
from mfps.training.norm_statistics import batch_norms_of_the_batch, estimate_norms, estimated_norms, norm_batches


def faces(count):
    return [FaceBatch(torch.rand(3, 3, 16, 16), torch.rand(3, 3, 16, 16), {}, ("a", "b", "c")) for _ in range(count)]


@pytest.fixture
def searched(randomised):
    space = search_space(width=1, layers=3)
    network = Restorer(NetworkConfig(iterations=2, blocks=1), space, Supernet)
    return SearchNetwork(randomised(network), space, {})


def running(network):
    return {name: buffer.clone() for name, buffer in network.named_buffers()}


@torch.no_grad()
@pytest.mark.parametrize("seed", range(3))
def test_the_law_after_estimation(searched, seed, difference):
    """The restricted supernet is the compiled network with the sliced weights, each estimated on the same batches."""
    genotype, batches = random_genotype(searched.spaces, seed), faces(4)
    mixtures = searched.restricted(genotype).mixtures
    compiled = compile_genotype(genotype, searched.restorer.config)
    slice_supernet(compiled, searched.restorer.state_dict(), "supernet")
    estimate_norms(compiled, lambda batch: compiled(batch.degraded), batches)

    def restricted(batch):
        return searched.restorer(batch.degraded, mixtures=mixtures)

    with estimated_norms(searched.restorer, restricted, batches):
        of_supernet = running(searched.restorer)
        for name, expected in running(compiled).items():
            assert torch.allclose(of_supernet[name].double(), expected.double(), rtol=1e-4, atol=1e-5), name
        for batch in faces(2):
            for a, b in zip(restricted(batch), compiled(batch.degraded), strict=True):
                assert difference(a, b) < 1e-4


@torch.no_grad()
def test_the_average_over_batches_without_momentum():
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3))
    batches = faces(5)
    estimate_norms(network, lambda batch: network[0](batch.degraded), batches)
    means = torch.stack([batch.degraded.mean((0, 2, 3)) for batch in batches]).mean(0)
    variances = torch.stack([batch.degraded.transpose(0, 1).flatten(1).var(1) for batch in batches]).mean(0)
    assert torch.allclose(network[0].running_mean, means, atol=1e-6)
    assert torch.allclose(network[0].running_var, variances, atol=1e-6)
    assert network[0].momentum == 0.1
    assert not any(module.training for module in network.modules())
    assert network[1].running_mean.tolist() == [0, 0, 0]
    assert network[1].running_var.tolist() == [1, 1, 1]


@pytest.mark.parametrize("fails", [False, True])
def test_the_supernet_gets_its_own_statistics_back(searched, fails):
    before = running(searched.restorer)
    with pytest.raises(RuntimeError) if fails else estimated_norms(searched.restorer, forward(searched), faces(1)):
        if fails:
            with estimated_norms(searched.restorer, failing, faces(1)):
                raise AssertionError("it failed before")
    for name, buffer in searched.restorer.named_buffers():
        assert torch.equal(buffer, before[name]), name
    assert all(norm.momentum == 0.1 for norm in norms(searched.restorer))


def forward(searched):
    return lambda batch: searched.restorer(batch.degraded)


def failing(_batch):
    raise RuntimeError


def norms(network):
    return [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]


@torch.no_grad()
def test_norms_of_the_batch(searched):
    """The output is that of training, but no statistics change."""
    network, (batch,) = searched.restorer, faces(1)
    before = running(network)
    with batch_norms_of_the_batch(network):
        found = network.eval()(batch.degraded)
    for name, buffer in network.named_buffers():
        assert torch.equal(buffer, before[name]), name
    for a, b in zip(found, network.train()(batch.degraded), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_the_batches_are_always_the_same_faces(drawn_folder):
    folder = FaceFolder(drawn_folder, 16)
    first, again = (norm_batches(folder, 1, seed=3) for _ in range(2))
    assert [batch.names for batch in first] == [batch.names for batch in again]
    assert all(torch.equal(a.degraded, b.degraded) for a, b in zip(first, again, strict=True))
    assert sorted(name for batch in norm_batches(folder, 5, 0) for name in batch.names) == sorted(folder.names)
    assert [batch.names for batch in norm_batches(folder, 1, 4)] != [batch.names for batch in first]
