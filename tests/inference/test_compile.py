import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.engine.weights import load_weights, save_weights
from mfps.genotypes.backbone import Backbone, share_of
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import PRIORS, search_space
from mfps.inference.compile import compile_genotype, load_network, slice_supernet, weights_header
from mfps.inference.cost_report import network_config
from mfps.networks.network_config import NetworkConfig
from mfps.networks.slices import may_be_slice

from ..genotypes.wide_genotypes import wide_genotype


@pytest.fixture
def faces():
    return torch.rand(1, 3, 16, 16), {"parsing": torch.rand(1, 19, 16, 16), "heatmap": torch.rand(1, 68, 16, 16)}


@torch.no_grad()
@pytest.mark.parametrize("priors", [(), ("parsing",), ("parsing", "heatmap")], ids=len)
def test_a_weights_file_is_enough_to_rebuild_its_network(priors, write_weights, drawn_genotype, tmp_path, faces):
    network = write_weights(tmp_path / "weights.safetensors", priors, size=24, note="mine")
    for place in (tmp_path, tmp_path / "weights.safetensors"):
        loaded = load_network(place)
        assert loaded.genotype == drawn_genotype(priors)
        assert loaded.provenance == {"size": 24, "note": "mine"}
        assert loaded.size == 24
        assert not loaded.restorer.training
        assert loaded.restorer.config == network.config
        assert all(torch.equal(a, b) for a, b in zip(loaded.restorer(*faces), network(*faces), strict=True))


def test_the_published_size_where_none_is_known(write_weights, tmp_path):
    write_weights(tmp_path / "w.safetensors")
    assert load_network(tmp_path / "w.safetensors").size == 128


@settings(max_examples=10)
@given(st.sets(st.sampled_from(PRIORS)), st.integers(1, 2), st.integers(1, 3), st.integers(0, 999))
def test_every_genotype_compiles(priors, width, layers, seed):
    genotype = random_genotype(search_space(tuple(priors), width=width, layers=layers, fusion_layers=layers), seed)
    config = NetworkConfig(blocks=1, prior_channels=dict.fromkeys(genotype.priors, 4))
    network = compile_genotype(genotype, config)
    assert tuple(network.paths) == tuple(genotype.present)
    assert json.loads(json.dumps(weights_header(genotype, config, {})))["network"] == config.model_dump()


def test_priors_that_are_not_the_genotypes(drawn_genotype, refused):
    with refused("takes the priors parsing but the data has heatmap"):
        compile_genotype(drawn_genotype(("parsing",)), NetworkConfig(prior_channels={"heatmap": 68}))


def test_files_without_a_fixed_network(write_weights, drawn_genotype, tmp_path, refused):
    file = tmp_path / "w.safetensors"
    network = write_weights(file)
    header = load_weights(file).header
    state = network.state_dict()

    def rewrite(state=state, **changed):
        save_weights(file, state, **{name: value for name, value in {**header, **changed}.items() if value is not None})

    rewrite(genotype=None, space={})
    with refused("holds a supernet, not a fixed network; train its genotype"):
        load_network(file)
    rewrite({name: tensor for name, tensor in state.items() if name != "conv_last.bias"})
    with refused("its tensors do not fit its genotype .*conv_last.bias"):
        load_network(file)
    rewrite({**state, "conv_last.bias": torch.zeros(4)})
    with refused("its tensors do not fit its genotype .*conv_last.bias"):
        load_network(file)
    rewrite({**state, "extra": torch.zeros(1)})
    with refused("its tensors do not fit its genotype .*extra"):
        load_network(file)
    other = next(g for g in map(drawn_genotype, [()] * 98, range(1, 99)) if g.hash != drawn_genotype().hash)
    rewrite(genotype=other.model_dump(mode="json", by_alias=True, exclude_none=True))
    with refused("its tensors do not fit its genotype"):
        load_network(file)
    rewrite(network={"iterations": 0})
    with refused("network: iterations"):
        load_network(file)
    rewrite(network=None)
    with refused("network"):
        load_network(file)
    rewrite(provenance=[1])
    with refused("its provenance is damaged"):
        load_network(file)
    rewrite(genotype={"schema": "mfps.genotype/1"})
    with refused("branches"):
        load_network(file)


def test_slicing_takes_a_subset(write_weights, drawn_genotype, tmp_path):
    network = write_weights(tmp_path / "w.safetensors")
    fresh = compile_genotype(drawn_genotype(), network.config)
    slice_supernet(fresh, {**network.state_dict(), "paths.upsample.alphas": torch.zeros(9, 4)}, "supernet")
    assert all(torch.equal(tensor, network.state_dict()[name]) for name, tensor in fresh.state_dict().items())


def test_slices_that_do_not_fit(write_weights, drawn_genotype, tmp_path, refused):
    network = write_weights(tmp_path / "w.safetensors")
    state = network.state_dict()
    fresh = compile_genotype(drawn_genotype(), network.config)
    before = {name: tensor.clone() for name, tensor in fresh.state_dict().items()}
    with refused("run: lacks conv_hr.weight; this genotype is not part of that search"):
        slice_supernet(fresh, {name: tensor for name, tensor in state.items() if name != "conv_hr.weight"}, "run")
    with refused(r"run: conv_last.bias has shape \(5,\), the network \(3,\); start from a supernet of the same width"):
        slice_supernet(fresh, {**state, "conv_last.bias": torch.zeros(5)}, "run")
    assert all(torch.equal(tensor, before[name]) for name, tensor in fresh.state_dict().items())


@torch.no_grad()
@pytest.mark.parametrize("priors", [(), ("parsing",)], ids=len)
def test_a_network_with_a_backbone_is_rebuilt_from_its_weights_file(priors, randomised, tmp_path, faces):
    genotype = wide_genotype(priors, 2, layers=2)
    config = network_config(genotype)
    network = randomised(compile_genotype(genotype, config))
    save_weights(tmp_path / "w.safetensors", network.state_dict(), **weights_header(genotype, config, {}))
    loaded = load_network(tmp_path / "w.safetensors")
    assert loaded.genotype == genotype
    assert all(torch.equal(a, b) for a, b in zip(loaded.restorer(*faces), network(*faces), strict=True))


def narrowed(genotype, share):
    backbone = Backbone(encoder_blocks=1, refine_blocks=0, redistill=share, restore=share, fusion=share)
    fusion = genotype.branches.fusion.model_copy(update={"width": share_of(8, share)})
    return Genotype.of({**genotype.present, "fusion": fusion}, backbone)


def test_weights_are_sliced_where_the_backbone_is_narrower_and_nowhere_else(refused):
    whole, half = (narrowed(wide_genotype(("parsing",), 2, layers=2), share) for share in (1.0, 0.5))
    supernet = compile_genotype(whole, network_config(whole)).state_dict()
    network = compile_genotype(half, network_config(half))
    slice_supernet(network, supernet, "run")
    for name, tensor in network.state_dict().items():
        narrower = may_be_slice(name, network.backbone)
        assert narrower or torch.equal(tensor, supernet[name])
    assert torch.equal(network.conv_hr.weight, supernet["conv_hr.weight"][:8, :8])
    same = compile_genotype(whole, network_config(whole))
    for name, tensor in supernet.items():
        if tensor.ndim:
            wider = torch.cat([tensor, tensor])
            with refused(f"run: {name} has shape"):
                slice_supernet(same, {**supernet, name: wider}, "run")
