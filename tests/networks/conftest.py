import numpy as np
import pytest
import torch
from mfps.genotypes.branch_genotype import space_of
from mfps.genotypes.prior_branches import PRIOR_BRANCHES
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import OPERATIONS, search_space
from mfps.networks.network_config import NetworkConfig
from mfps.networks.path import FixedPath
from mfps.networks.restorer import Restorer
from mfps.networks.vgg19 import VGG19Features

CHANNELS = {row.name: row.channels for row in PRIOR_BRANCHES.values()} | {"dictionary": 6}


@pytest.fixture
def build():
    """`build(priors)`: a tiny fixed restorer of random branches, in eval mode."""

    def make(priors=(), *, width=1, layers=2, seed=0, channels=None, operations=OPERATIONS, **config):
        chosen = {prior: {**CHANNELS, **(channels or {})}[prior] for prior in priors}
        space = search_space(priors, width=width, layers=layers, fusion_layers=layers, operations=operations)
        rng = np.random.default_rng(seed)
        branches = {name: random_branch(branch, rng) for name, branch in space.items()}
        spaces = {name: space_of(branch, name) for name, branch in branches.items()}
        torch.manual_seed(seed)
        network_config = NetworkConfig(**{"blocks": 1, "prior_channels": chosen, **config})
        return Restorer(network_config, spaces, lambda space: FixedPath(branches[space.name])).eval()

    return make


@pytest.fixture
def faces():
    """`faces(network, height, width)`: a random image and the priors that the network takes."""

    def make(network, height=16, width=16, batch=1):
        channels = network.config.prior_channels
        priors = {prior: torch.rand(batch, count, height, width) for prior, count in channels.items()}
        return torch.rand(batch, 3, height, width), priors

    return make


@pytest.fixture(scope="session")
def vgg():
    """VGG19's features with random weights, scaled so that the signal lives through all layers."""
    network = VGG19Features().eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    for name, parameter in network.named_parameters():
        if name.endswith("weight"):
            parameter.normal_(0, (2 / parameter[0].numel()) ** 0.5, generator=generator)
    return network
