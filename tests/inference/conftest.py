import pytest
import torch
from mfps.engine.weights import save_weights
from mfps.genotypes.prior_branches import PRIOR_BRANCHES
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import compile_genotype, weights_header
from mfps.networks.restorer import NetworkConfig

CHANNELS = {row.name: row.channels for row in PRIOR_BRANCHES.values()} | {"dictionary": 6}


@pytest.fixture(scope="session")
def drawn_genotype():
    """`drawn_genotype(priors, seed)`: a random tiny architecture."""

    def make(priors=(), seed=0, width=1):
        return random_genotype(search_space(priors, width=width, layers=2, fusion_layers=2), seed)

    return make


@pytest.fixture(scope="session")
def write_weights(drawn_genotype, randomised):
    """`write_weights(file, priors)`: writes a weights file of an untrained network, and returns the network."""

    def write(file, priors=(), iterations=2, **provenance):
        genotype = drawn_genotype(priors)
        config = NetworkConfig(
            iterations=iterations, blocks=1, prior_channels={prior: CHANNELS[prior] for prior in priors}
        )
        torch.manual_seed(0)
        network = randomised(compile_genotype(genotype, config))
        save_weights(file, network.state_dict(), **weights_header(genotype, config, provenance))
        return network

    return write
