"""Small networks to be taken into other programs, and the real spandrel where it is installed."""

import importlib
import importlib.util

import pytest
import torch
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import CompiledNetwork, compile_genotype
from mfps.networks.network_config import NetworkConfig

from ..genotypes.wide_genotypes import wide_genotype
from ..torchvision_beside import torchvision_imported

CHANNELS = {"parsing": 3, "heatmap": 4, "dictionary": 5}


@pytest.fixture(scope="session")
def network(randomised):
    """`network(priors, seed, size, **config)`: a small network, its batch norms no identity; of a wide space or not."""

    def make(priors=(), seed=0, size=16, wide=False, **config):
        plain = search_space(priors, width=1, layers=2, fusion_layers=2)
        genotype = wide_genotype(priors, seed, layers=2) if wide else random_genotype(plain, seed)
        channels = {prior: CHANNELS[prior] for prior in priors}
        config = NetworkConfig(**{"iterations": 2, "blocks": 1, **config, "prior_channels": channels})
        torch.manual_seed(seed)
        restorer = randomised(compile_genotype(genotype, config), seed)
        torch.nn.init.normal_(restorer.conv_last.weight, std=0.1)  # zero at the start of a network with a base
        return CompiledNetwork(genotype, config, {"size": size}, restorer)

    return make


@pytest.fixture(scope="session")
def spandrel():
    """The package, with which alone these tests run; `make integrations` has it."""
    if importlib.util.find_spec("spandrel") is None:
        pytest.skip("spandrel is not installed; `make integrations` runs this with it")
    with torchvision_imported():
        yield importlib.import_module("spandrel")
