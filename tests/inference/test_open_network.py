"""One way into every weights file: those of mfps, and those of others with a genotype."""

import pytest
import torch
from mfps.engine.weights import load_weights
from mfps.genotypes.genotype_file import write_genotype
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.inference.compile import compile_genotype
from mfps.inference.foreign_network import import_network
from mfps.inference.open_network import open_network
from mfps.networks.network_config import NetworkConfig
from mfps.networks.published_layout import published_keys, unused_shapes
from safetensors.torch import save_file

from .conftest import CHANNELS

KINDS = [(), ("heatmap",), ("parsing", "dictionary"), PUBLISHED_PRIORS]


def save_pth(state, file):
    torch.save({"params_ema": {f"module.{key}": tensor for key, tensor in state.items()}}, file)


def unused_tensor(key, shape):
    return torch.zeros(shape, dtype=torch.int64 if key.endswith("num_batches_tracked") else torch.float32)


def network_of(genotype, randomised, **config):
    channels = {prior: CHANNELS[prior] for prior in genotype.priors}
    network = compile_genotype(genotype, NetworkConfig(prior_channels=channels, **config))
    return randomised(network)


def outputs_of(network):
    torch.manual_seed(1)
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        return network(image, {prior: torch.rand(1, CHANNELS[prior], 16, 16) for prior in network.priors}, 2)


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("save", [save_pth, save_file])
@pytest.mark.parametrize("priors", KINDS)
def test_a_file_of_others_is_the_network_that_was_saved(drawn_genotype, randomised, tmp_path, priors, save, published):
    """Of any genotype, given at another width, in both formats and under both kinds of names."""
    genotype = drawn_genotype(priors, width=2)
    network = network_of(genotype, randomised, blocks=2, iterations=3 if priors else 1)
    state = network.state_dict()
    if published:
        state = {published_keys(genotype, state)[key]: tensor for key, tensor in state.items()}
        if priors == PUBLISHED_PRIORS:  # the published MFPSNet has further tensors
            state |= {key: unused_tensor(key, shape) for key, shape in unused_shapes(genotype).items()}
    save(state, tmp_path / "theirs.bin")
    write_genotype(genotype.with_width(1), tmp_path / "narrow.json")
    opened = open_network(tmp_path / "theirs.bin", tmp_path / "narrow.json", {"iterations": 3 if priors else 1})
    assert opened.genotype.hash == genotype.hash
    assert opened.restorer.config == network.config
    assert not opened.restorer.training
    assert all(torch.equal(a, b) for a, b in zip(outputs_of(opened.restorer), outputs_of(network), strict=True))


def test_attention_is_seen_and_iterations_have_their_default(drawn_genotype, randomised, tmp_path):
    genotype = drawn_genotype(("heatmap",))
    network = network_of(genotype, randomised, attention=True, blocks=1)
    save_file(network.state_dict(), tmp_path / "a.safetensors")
    assert import_network(tmp_path / "a.safetensors", genotype).restorer.config == network.config


def test_a_file_of_mfps_says_its_own_architecture(write_weights, drawn_genotype, tmp_path, refused):
    write_weights(tmp_path / "w.safetensors")
    write_genotype(drawn_genotype(), tmp_path / "same.json")
    write_genotype(drawn_genotype(seed=1), tmp_path / "other.json")
    for genotype in (None, tmp_path / "same.json"):
        assert open_network(tmp_path / "w.safetensors", genotype).genotype.hash == drawn_genotype().hash
    with refused("`genotype` .*other.json: not the architecture of .*w.safetensors, which says its own; leave it out"):
        open_network(tmp_path / "w.safetensors", tmp_path / "other.json")


def test_what_does_not_say_its_architecture_needs_it(write_weights, drawn_genotype, tmp_path, refused):
    write_weights(tmp_path / "w.safetensors")
    state = load_weights(tmp_path / "w.safetensors").state
    for save, name in ((save_file, "a.safetensors"), (save_pth, "a.pth")):
        save(state, tmp_path / name)
        with refused(
            f"{name}: has no header that says which network it belongs to; name its architecture as `genotype`"
        ):
            open_network(tmp_path / name)
        write_genotype(drawn_genotype(seed=1), tmp_path / f"{name}.json")
        with refused(f"{name}: not a checkpoint of genotype .* missing: .*; name its own genotype as `genotype`"):
            open_network(tmp_path / name, tmp_path / f"{name}.json")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"conv_first.weight": None}, "lacks conv_first.weight, which every FRSNet and MFPSNet has; it has .* tensors"),
        ({"conv_first.weight": torch.ones(3)}, "lacks conv_first.weight"),
        ({"conv_first.weight": torch.ones(24, 192, 3, 3)}, "missing|misshapen"),
        (
            {"conv_first.weight": torch.ones(1, 1, 1, 1).expand(8 * 4096, 192, 3, 3)},
            "tensors take .* bytes, but the file",
        ),
        ({"conv_hr.bias": torch.ones(7)}, r"1 misshapen: conv_hr.bias \(7,\) instead of \(8,\)"),
        ({"more": torch.ones(1)}, "1 extra: more"),
        ({"conv_hr.bias": torch.ones(8).half()}, "conv_hr.bias is float16, not dense float32"),
        ({"encoder.70.convs.0.weight": torch.ones(1)}, "extra|missing"),
    ],
)
def test_wrong_shapes_are_one_line(drawn_genotype, randomised, tmp_path, refused, change, named):
    state = {**network_of(drawn_genotype(), randomised, blocks=1).state_dict(), **change}
    torch.save({key: tensor for key, tensor in state.items() if tensor is not None}, tmp_path / "a.pth")
    with refused(f"a.pth: .*{named}"):
        import_network(tmp_path / "a.pth", drawn_genotype())


def test_a_size_and_iterations_must_be_possible(tmp_path, drawn_genotype, randomised, refused):
    save_file(network_of(drawn_genotype(), randomised).state_dict(), tmp_path / "a.safetensors")
    with refused("`size` is 12: the side of a face is a positive multiple of 8"):
        import_network(tmp_path / "a.safetensors", drawn_genotype(), size=12)
    with refused("`iterations`.*greater than or equal to 1"):
        import_network(tmp_path / "a.safetensors", drawn_genotype(), {"iterations": 0})
    assert import_network(tmp_path / "a.safetensors", drawn_genotype(), size=64).provenance["size"] == 64
