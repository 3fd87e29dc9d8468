"""The optimizers of a search are fused, and change supernets as others do."""

from pathlib import Path

import pytest
import torch
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import BranchSpace
from mfps.nas.config import SearchConfig
from mfps.nas.optimizers import search_optimizers
from mfps.nas.supernet import Supernet, restriction
from numpy.random import default_rng

SPACE = BranchSpace("upsample", 1, 2)
SOLVERS = {
    "mixed": {"solver": "sgd"}, "single-path": {"solver": "sgd"}, "gumbel": {"solver": "adam"},
}  # fmt: skip


def trained(strategy, fused, steps=3):
    """The parameters of a supernet after steps, all or drawn paths in turn, and its optimizers."""
    torch.manual_seed(0)
    supernet = Supernet(SPACE).to(memory_format=torch.channels_last)
    choices = {id(parameter) for parameter in supernet.architecture_parameters()}
    levels = {
        "architecture": {name: p for name, p in supernet.named_parameters() if id(p) in choices},
        "weights": {name: p for name, p in supernet.named_parameters() if id(p) not in choices},
    }
    config = SearchConfig(data=Path("-"), out=Path("-"), strategy=strategy, **SOLVERS[strategy])
    optimizers = search_optimizers(config, levels)
    if not fused:
        for optimizer in optimizers.values():
            optimizer.param_groups[0]["fused"] = None
    for step in range(steps):
        mixture = None if strategy == "mixed" else restriction(random_branch(SPACE, default_rng(step)))
        x = torch.randn(2, 8, 4, 4).to(memory_format=torch.channels_last)
        supernet(x, mixture).square().mean().backward()
        for optimizer in optimizers.values():
            optimizer.step()
            optimizer.zero_grad()
    return dict(supernet.named_parameters()), optimizers


@pytest.mark.parametrize("strategy", SOLVERS)
def test_fused_or_not_the_updates_are_the_same_up_to_rounding(strategy):
    """Also in channels-last, and where a step draws weights that were never updated beside others that were."""
    (found, optimizers), (expected, _) = (trained(strategy, fused) for fused in (True, False))
    for name, parameter in found.items():
        assert torch.allclose(parameter, expected[name], rtol=1e-4, atol=1e-4), name
    assert optimizers["architecture"].param_groups[0]["fused"]


@pytest.mark.parametrize("strategy", SOLVERS)
def test_all_states_lie_in_memory_as_their_parameters(strategy):
    """A fused update goes through them side by side, without looking at their strides."""
    for optimizer in trained(strategy, True)[1].values():
        for parameter, state in optimizer.state.items():
            for value in state.values():
                if value is not None and value.ndim:
                    as_its_parameter = value.as_strided(parameter.shape, parameter.stride())
                    assert torch.equal(as_its_parameter, value)
