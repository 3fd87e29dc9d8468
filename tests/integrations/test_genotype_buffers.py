import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.genotypes.base import WINDOWS
from mfps.genotypes.genotype import Branches
from mfps.genotypes.genotype_file import read_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.cost_report import network_config
from mfps.inference.network_facts import GenotypeFacts
from mfps.integrations.genotype_buffers import (
    BACKBONE,
    BASES,
    BUFFERS,
    CELL,
    FORMAT,
    NETWORK,
    PATH,
    from_buffers,
    to_buffers,
)
from mfps.networks.network_config import NetworkConfig

from ..genotypes.wide_genotypes import wide_genotype


def facts_of(width, layers, seed, size=128, **config):
    return GenotypeFacts(
        random_genotype(search_space(width=width, layers=layers), seed), NetworkConfig(**config), {"size": size}
    )


@settings(max_examples=60)
@given(
    st.integers(1, 64),
    st.integers(1, 12),
    st.integers(0, 9999),
    st.sampled_from([8, 128, 512]),
    st.fixed_dictionaries(
        {
            "iterations": st.integers(1, 16),
            "blocks": st.integers(1, 64),
            "base": st.sampled_from(BASES),
            "base_window": st.sampled_from(WINDOWS),
            "shared_norms": st.booleans(),
        }
    ),
)
def test_everything_comes_back_from_the_buffers(width, layers, seed, size, config):
    facts = facts_of(width, layers, seed, size, **config)
    buffers = to_buffers(facts)
    assert tuple(buffers) == BUFFERS
    assert {tensor.dtype for tensor in buffers.values()} == {torch.int64}
    again = from_buffers({**buffers, "conv_first.weight": torch.ones(1)})
    assert (again.genotype.hash, again.config, again.size) == (facts.genotype.hash, facts.config, size)
    assert again.priors == ()


def test_the_numbers_of_version_1_stay():
    """Files are in the hands of others."""
    mfpsnet = read_genotype("mfpsnet")
    alone = mfpsnet.model_copy(update={"branches": Branches(upsample=mfpsnet.branches.upsample)})
    buffers = to_buffers(GenotypeFacts(alone, NetworkConfig(iterations=3, base="lowpass", base_window=8), {}))
    assert {name: tensor.tolist() for name, tensor in buffers.items()} == {
        "mfps.format": [1],
        "mfps.network": [128, 8, 3, 3, 2, 8],
        "mfps.path": [2, 4, 4, 4, 8, 4],
        "mfps.cell": [[0, 0], [1, 0], [2, 2], [3, 0], [7, 1], [8, 3]],
    }


def integers(*values):
    return torch.tensor(values, dtype=torch.int64)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        *((name, None, f"the state dict lacks {name}; give a file that `mfps export` wrote") for name in BUFFERS),
        (FORMAT, integers(4), "mfps.format is 4: this version of mfps reads 1 to 3; upgrade mfps"),
        (FORMAT, integers(2), "the state dict lacks mfps.backbone; give a file that `mfps export` wrote"),
        (FORMAT, integers(1, 1), "mfps.format is damaged: its shape is .2,."),
        *((name, torch.ones(1), f"{name} is damaged: it is no dense int64 tensor") for name in BUFFERS),
        *((name, 1, f"{name} is damaged: it is no dense int64 tensor") for name in BUFFERS),
        (NETWORK, integers(128, 8, 1, 1, 0), "mfps.network is damaged: its shape is .5,."),
        (NETWORK, integers(12, 8, 1, 1, 0, 4), "mfps.network is damaged: the side 12 is no positive multiple of 8"),
        (NETWORK, integers(2**40, 8, 1, 1, 0, 4), "the side 1099511627776 is no"),
        (NETWORK, integers(128, 0, 1, 1, 0, 4), "mfps.. are damaged: width: must be greater than or equal to 1"),
        (NETWORK, integers(128, 8, 17, 1, 0, 4), "iterations: must be less than or equal to 16"),
        (NETWORK, integers(128, 8, 1, -1, 0, 4), "blocks: must be"),
        (NETWORK, integers(128, 8, 1, 1, 3, 4), "has the base 3, which is not known; upgrade mfps"),
        (NETWORK, integers(128, 8, 1, 1, 0, 5), "base_window: is 5: choose 2, 4 or 8"),
        (PATH, integers(), "mfps.path is damaged: its shape is .0,."),
        (PATH, torch.ones(65, dtype=torch.int64), "mfps.path is damaged: its shape is .65,."),
        (PATH, integers(3), "damaged: path"),
        (PATH, integers(8), "illegal path: it starts at rate 1 and its first cell is at rate 8"),
        (CELL, integers(1, 2), "mfps.cell is damaged: its shape is .2,."),
        (CELL, torch.zeros(10**4, 2, dtype=torch.int64), "mfps.cell is damaged: its shape is .10000, 2."),
        (CELL, integers([9, 0], [1, 0]), "mfps.cell has the edge 9, which is not known"),
        (CELL, integers([0, 99], [1, 0]), "mfps.cell has the operation 99, which is not known"),
        (CELL, integers([0, -1], [1, 0]), "mfps.cell has the operation -1"),
        (
            CELL,
            integers([0, 4], [1, 0], [2, 0], [3, 0], [5, 0], [6, 0]),
            "mfps.. are damaged: separable_3x3 in mfps.genotype/1",
        ),
        (CELL, integers([0, 1], [1, 0]), "node n1 takes nothing"),
        (CELL, integers([0, 1], [0, 1], [2, 0], [3, 0], [5, 0], [6, 0]), "node n0 takes .'s0', 's0'."),
    ],
    ids=str,
)
def test_damaged_buffers_are_refused_in_one_line(refused, name, value, named):
    buffers = {**to_buffers(facts_of(2, 3, 0)), name: value}
    with refused(named):
        from_buffers({name: tensor for name, tensor in buffers.items() if tensor is not None})


@settings(max_examples=40)
@given(st.integers(0, 9999), st.integers(1, 12), st.integers(0, 64))
def test_a_backbone_comes_back_from_its_buffer(seed, layers, blocks):
    genotype = wide_genotype(seed=seed, layers=layers, blocks=blocks)
    facts = GenotypeFacts(genotype, network_config(genotype), {"size": 64})
    buffers = to_buffers(facts)
    assert tuple(buffers) == (*BUFFERS, BACKBONE)
    assert (buffers[FORMAT].tolist(), buffers[BACKBONE].dtype) == ([2], torch.int64)
    again = from_buffers(buffers)
    assert (again.genotype.hash, again.config, again.size) == (genotype.hash, facts.config, 64)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (torch.ones(4), "mfps.backbone is damaged: it is no dense int64 tensor"),
        (integers(1, 1, 0), "mfps.backbone is damaged: its shape is .3,."),
        (integers(1, 1, 0, 4), "mfps.backbone has the width 4, which is not known; upgrade mfps"),
        (integers(1, 1, -1, 0), "mfps.backbone has the width -1, which is not known"),
        (integers(-1, 1, 0, 0), "encoder_blocks: must be greater than or equal to 0"),
        (integers(1, 2**40, 0, 0), "refine_blocks: must be less than or equal to 64"),
    ],
    ids=str,
)
def test_a_damaged_backbone_is_refused_in_one_line(refused, value, named):
    genotype = wide_genotype()
    buffers = to_buffers(GenotypeFacts(genotype, network_config(genotype), {}))
    with refused(named):
        from_buffers({**buffers, BACKBONE: value})
