"""Where a training starts: a trained network is gone on with under its own name, a supernet is sliced."""

import pytest
import torch
from mfps.engine.configuration import PRESETS, resolve, write_config
from mfps.engine.weights import load_weights, save_weights
from mfps.files.hashes import sha256_of
from mfps.genotypes.genotype_file import write_genotype
from mfps.inference.compile import compile_genotype, load_network, weights_header
from mfps.networks.network_config import NetworkConfig
from mfps.retrain.config import RetrainConfig
from mfps.retrain.start import MAY_DIFFER, genotype_to_train, network_to_train, start_files, take_on
from safetensors.torch import save_file

GIVEN = {"data": "faces", "out": "run"}
CHANNELS = {"heatmap": 71}


@pytest.fixture
def write_trained(drawn_genotype, tmp_path):
    """A weights file in which nothing is a default: width, blocks, priors, attention, base, iterations."""

    def write(**norms):
        genotype = drawn_genotype(("heatmap",), width=2)
        config = NetworkConfig(
            iterations=3, blocks=4, prior_channels=CHANNELS, attention=True, base="lowpass", base_window=8, **norms
        )
        torch.manual_seed(3)
        network = compile_genotype(genotype, config)
        file = tmp_path / "weights.safetensors"
        save_weights(file, network.state_dict(), **weights_header(genotype, config, {"heatmap_rgb": True}))
        return file

    return write


@pytest.fixture
def trained(write_trained):
    return write_trained()


def started(config):
    config, start = take_on(config)
    genotype = genotype_to_train(config, start)
    return config, network_to_train(config, genotype, CHANNELS, start)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("as_folder", [False, True])
def test_what_is_not_given_is_that_of_the_weights(trained, preset, as_folder):
    """Not that of the preset."""
    place = trained.parent if as_folder else trained
    config, network = started(RetrainConfig.from_preset(preset, init_from=place, **GIVEN))
    assert network.config == load_network(trained).restorer.config
    assert (config.blocks, config.iterations, config.attention) == (4, 3, True)
    assert (config.priors, config.heatmap_rgb, config.width) == (("heatmap",), True, None)
    state = load_weights(trained).state
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("shared_norms", [True, False])
def test_every_field_of_the_network_is_taken(write_trained, shared_norms):
    """A field that is added to the network's configuration is taken too, if a training has it."""
    trained = write_trained(shared_norms=shared_norms)
    config, _ = started(RetrainConfig.from_preset("tiny", init_from=trained, **GIVEN))
    has = load_network(trained).restorer.config
    for name in NetworkConfig.model_fields.keys() & RetrainConfig.model_fields.keys():
        assert getattr(config, name) == getattr(has, name), name
    assert NetworkConfig.model_fields.keys() - RetrainConfig.model_fields.keys() == {"prior_channels"}


@pytest.mark.parametrize("name", ["blocks", "attention", "priors", "heatmap_rgb", "width"])
def test_what_is_given_must_be_what_the_weights_have(trained, refused, name):
    same = {"blocks": 4, "attention": True, "priors": "heatmap", "heatmap_rgb": True, "width": 2}
    other = {"blocks": 3, "attention": False, "priors": "parsing", "heatmap_rgb": False, "width": 1}
    started(RetrainConfig.from_preset("tiny", init_from=trained, **GIVEN, **same))
    with refused(f"`{name}` is .*, but the network of `init_from` .* has .*; leave `{name}` out"):
        started(RetrainConfig.from_preset("tiny", init_from=trained, **GIVEN, **{name: other[name]}))


def test_iterations_may_differ(trained):
    assert MAY_DIFFER == ("iterations",)
    _, network = started(RetrainConfig.from_preset("tiny", init_from=trained, iterations=2, **GIVEN))
    assert network.config.iterations == 2


def test_iterations_may_not_differ_where_each_has_norms_of_its_own(write_trained, refused):
    with refused("`iterations` is 2, but the network of `init_from` .* has 3; leave `iterations` out"):
        started(RetrainConfig.from_preset("tiny", init_from=write_trained(shared_norms=False), iterations=2, **GIVEN))


def test_a_configuration_that_was_written_is_the_same_again(trained, tmp_path):
    """The run's config.yaml holds what was taken, so that `--config` and `--resume` find nothing changed."""
    config, _ = started(RetrainConfig.from_preset("tiny", init_from=trained, **GIVEN))
    write_config(config, tmp_path / "config.yaml")
    again, _ = started(resolve(RetrainConfig, "small", tmp_path / "config.yaml", {}))
    assert again == config


def test_weights_of_others_are_a_start_with_their_genotype(trained, drawn_genotype, tmp_path, refused):
    save_file(load_weights(trained).state, tmp_path / "plain.safetensors")
    write_genotype(drawn_genotype(("heatmap",)), tmp_path / "narrow.json")
    given = {**GIVEN, "init_from": tmp_path / "plain.safetensors"}
    unseen = {"iterations": 3, "base": "lowpass", "base_window": 8}  # in no tensor, so that they must be told
    config, network = started(RetrainConfig.from_preset("tiny", genotype=tmp_path / "narrow.json", **unseen, **given))
    assert network.config == load_network(trained).restorer.config
    assert config.heatmap_rgb
    with refused("plain.safetensors: has no header .* name its architecture as `genotype`"):
        started(RetrainConfig.from_preset("tiny", **given))


def test_priors_of_other_channels_do_not_fit(trained, refused):
    config, start = take_on(RetrainConfig.from_preset("tiny", init_from=trained, **GIVEN))
    with refused("faces: its heatmap prior has 68 channels but the network takes 71"):
        network_to_train(config, genotype_to_train(config, start), {"heatmap": 68}, start)


def test_the_weights_say_what_they_started_from(trained):
    config = RetrainConfig.from_preset("tiny", init_from=trained, **GIVEN)
    (start,) = start_files(config).values()
    assert start == (trained, "weights.safetensors", sha256_of(trained))
    assert start_files(RetrainConfig.from_preset("tiny", genotype="mfpsnet", **GIVEN)) == {}


def test_a_training_needs_an_architecture_and_one_start(refused):
    with refused("`genotype` is required: give the genotype file, run folder or published name"):
        RetrainConfig.from_preset("tiny", **GIVEN)
    with refused("`from_supernet` and `init_from` exclude each other: choose one"):
        RetrainConfig.from_preset("tiny", genotype="mfpsnet", from_supernet="a", init_from="b", **GIVEN)
