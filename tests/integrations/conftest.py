"""Small networks to be taken into other programs, and the real spandrel where it is installed."""

import importlib
import importlib.util
import sys
import warnings

import pytest
import torch
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import CompiledNetwork, compile_genotype
from mfps.networks.network_config import NetworkConfig

from ..genotypes.wide_genotypes import wide_genotype

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
    library = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision warns that it cannot read pictures
        try:
            importlib.import_module("torchvision")
        except RuntimeError:
            # Its compiled operators are for a torch with CUDA. Beside another torch it cannot be imported at all, as it
            # describes them to torch. spandrel uses none of them, so it is enough that they have a name.
            for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
                del sys.modules[name]
            library = torch.library.Library("torchvision", "DEF")
            library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        yield importlib.import_module("spandrel")
    del library  # the names last as long as it does
