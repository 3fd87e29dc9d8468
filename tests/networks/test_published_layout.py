import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.genotypes.formats.published_arrays import PUBLISHED_BRANCHES
from mfps.genotypes.genotype_file import read_genotype
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import compile_genotype
from mfps.networks.network_config import NetworkConfig
from mfps.networks.published_layout import (
    OFFICIAL_BRANCHES,
    UNUSED_MODULES,
    check_published,
    published_keys,
    unused_shapes,
)

from ..published_recipe import CHANNELS, SHAPES

pytestmark = pytest.mark.slow


def layout(genotype, channels):
    state = compile_genotype(genotype, NetworkConfig(prior_channels=channels)).state_dict()
    return state, published_keys(genotype, state), unused_shapes(genotype)


def test_every_official_key_is_used_once_or_known_to_be_unused():
    state, used, unused = layout(read_genotype("mfpsnet"), CHANNELS)
    assert len(set(used.values())) == len(used)
    shapes = {official: tuple(state[key].shape) for key, official in used.items()}
    assert not shapes.keys() & unused.keys()
    assert shapes | unused == SHAPES
    assert (len(used), len(unused)) == (len(SHAPES) - 115, 115)


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 5), st.integers(0, 999))
def test_the_keys_of_any_architecture_are_distinct(width, layers, seed):
    genotype = random_genotype(search_space(PUBLISHED_PRIORS, width=width, layers=layers, fusion_layers=layers), seed)
    state, used, unused = layout(genotype, dict.fromkeys(PUBLISHED_PRIORS, 4))
    assert used.keys() == state.keys()
    assert len(set(used.values())) == len(used)
    assert not set(used.values()) & unused.keys()
    modules = {key.split(".")[0] for key in [*used.values(), *unused]}
    assert modules >= {*OFFICIAL_BRANCHES.values(), *UNUSED_MODULES}


def test_an_architecture_with_a_branch_that_was_added_since(refused, monkeypatch):
    genotype = read_genotype("mfpsnet")
    fewer = {branch: module for branch, module in OFFICIAL_BRANCHES.items() if branch != "heatmap"}
    monkeypatch.setattr("mfps.networks.published_layout.OFFICIAL_BRANCHES", fewer)
    for asked in (check_published, lambda genotype: published_keys(genotype, ["paths.heatmap.stem.weight"])):
        with refused("mfpsnet-published has a branch heatmap, which the published network does not have"):
            asked(genotype)


def test_arrays_and_checkpoints_have_the_same_branches():
    assert tuple(OFFICIAL_BRANCHES) == PUBLISHED_BRANCHES


def test_an_architecture_of_fewer_branches_has_fewer_keys():
    genotype = random_genotype(search_space(("parsing",)), 0)
    _, used, _ = layout(genotype, {"parsing": 4})
    modules = {key.split(".")[0] for key in used.values()}
    assert modules & {*OFFICIAL_BRANCHES.values()} == {"sr_feature", "parse_feature", "fusion_feature"}
