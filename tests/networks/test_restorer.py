import json
import sys
from itertools import combinations
from pathlib import Path

import pytest
import torch
from mfps.genotypes.formats.published_arrays import PUBLISHED_OPERATIONS
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.space import PRIORS
from mfps.networks.network_config import NetworkConfig
from pydantic import ValidationError
from torch.nn import functional as F

from ..processes import run_process

KEYS = Path(__file__).parent / "data" / "restorer_keys.json"
SUBSETS = [subset for count in range(len(PRIORS) + 1) for subset in combinations(PRIORS, count)]


@torch.no_grad()
@pytest.mark.parametrize("size", [(16, 16), (16, 24), (40, 32), (64, 16)], ids=str)
@pytest.mark.parametrize("priors", [(), PRIORS], ids=["frsnet", "mfpsnet"])
def test_every_size_comes_back(build, faces, priors, size):
    network = build(priors, iterations=2)
    outputs = network(*faces(network, *size, batch=2))
    assert [output.shape for output in outputs] == [(2, 3, *size)] * 2
    assert all(output.isfinite().all() for output in outputs)


@torch.no_grad()
@pytest.mark.parametrize("priors", SUBSETS, ids=lambda priors: "+".join(priors) or "none")
@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_every_set_of_priors_and_every_number_of_iterations(build, faces, priors, iterations):
    network = build(priors, iterations=iterations)
    image, given = faces(network)
    assert len(network(image, given)) == iterations
    assert len(network(image, given, iterations=2)) == 2


@torch.no_grad()
@pytest.mark.parametrize("channels", [68, 71, 5])
def test_heatmaps_may_have_any_number_of_channels(build, faces, channels):
    network = build(("heatmap",), channels={"heatmap": channels})
    assert network.prior_inputs["heatmap"].in_channels == 3 + channels
    assert network(*faces(network))[1].shape == (1, 3, 16, 16)


@pytest.mark.parametrize("priors", SUBSETS, ids=lambda priors: "+".join(priors) or "none")
@pytest.mark.parametrize("attention", [False, True])
def test_a_gradient_reaches_every_parameter(build, faces, priors, attention):
    network = build(priors, width=2, attention=attention, iterations=2).train()
    outputs = network(*faces(network, 16, 24, batch=2))
    sum((output * torch.randn_like(output)).sum() for output in outputs).backward()
    dead = [name for name, p in network.named_parameters() if p.grad is None or p.grad.abs().sum() == 0]
    assert not dead


def test_one_iteration_uses_neither_priors_nor_fusion(build, faces):
    network = build(PRIORS, iterations=1)
    image, _ = faces(network)
    (output,) = network(image)
    output.sum().backward()
    used = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    others = {name for name, _ in network.named_parameters()} - used
    optional = (*(f"paths.{prior}" for prior in PRIORS), "paths.fusion", "prior_", "fusion_")
    assert others == {name for name, _ in network.named_parameters() if name.startswith(optional)}


@torch.no_grad()
def test_each_iteration_sees_the_output_of_the_one_before(build, faces, randomised):
    network = randomised(build(PRIORS, iterations=3))
    seen, seen_with_priors = [], []
    network.conv_first.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    network.prior_inputs["parsing"].register_forward_pre_hook(lambda _, args: seen_with_priors.append(args[0]))
    image, priors = faces(network)
    outputs = network(image, priors)
    for given, expected in zip(seen, [image, *outputs[:-1]], strict=True):
        assert torch.equal(given, F.pixel_unshuffle(expected, 8))
    for given, expected in zip(seen_with_priors, outputs[:-1], strict=True):
        assert torch.equal(given, torch.cat([expected, priors["parsing"]], dim=1))


@torch.no_grad()
def test_fewer_iterations_are_a_prefix(build, faces, randomised):
    network = randomised(build(PRIORS, iterations=3))
    image, priors = faces(network)
    outputs = network(image, priors)
    for iterations in (1, 2):
        for a, b in zip(network(image, priors, iterations=iterations), outputs, strict=False):
            assert torch.equal(a, b)
    assert not torch.equal(outputs[1], outputs[2])


@torch.no_grad()
def test_frsnet_twice_is_frsnet_of_frsnet(build, faces, randomised):
    network = randomised(build(iterations=2))
    image, _ = faces(network)
    first, second = network(image)
    assert torch.equal(network(first, iterations=1)[0], second)


@torch.no_grad()
def test_mfpsnet_begins_as_frsnet(build, faces, randomised):
    whole, alone = randomised(build(PRIORS, seed=3)), build(seed=3)
    keys = alone.state_dict().keys()
    assert keys <= whole.state_dict().keys()
    alone.load_state_dict({name: tensor for name, tensor in whole.state_dict().items() if name in keys})
    image, priors = faces(whole)
    assert torch.equal(whole(image, priors)[0], alone(image, iterations=1)[0])


@torch.no_grad()
def test_attention_starts_at_weight_one(build, faces, randomised):
    plain, attentive = randomised(build(PRIORS)), build(PRIORS, attention=True)
    state = plain.state_dict()
    keys = attentive.load_state_dict(state, strict=False)
    assert sorted(keys.missing_keys) == sorted(f"attention.{prior}" for prior in PRIORS)
    assert not keys.unexpected_keys
    image, priors = faces(plain)
    assert all(torch.equal(a, b) for a, b in zip(attentive(image, priors), plain(image, priors), strict=True))
    attentive.attention["heatmap"].fill_(1.0)
    changed = attentive(image, priors)
    assert torch.equal(changed[0], plain(image, priors)[0])
    assert not torch.equal(changed[1], plain(image, priors)[1])


@torch.no_grad()
@pytest.mark.parametrize("prior", PRIORS)
def test_every_prior_matters_after_the_first_iteration(build, faces, prior):
    network = build(PRIORS)
    image, priors = faces(network)
    before = network(image, priors)
    after = network(image, {**priors, prior: priors[prior].flip(-1)})
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


@torch.no_grad()
def test_the_order_of_the_priors_does_not_matter(build, faces):
    network = build(PRIORS)
    image, priors = faces(network)
    turned = dict(reversed(priors.items()))
    assert torch.equal(network(image, priors)[1], network(image, turned)[1])


@torch.no_grad()
def test_faces_of_a_batch_do_not_mix(build, faces, randomised):
    network = randomised(build(PRIORS))
    image, priors = faces(network, batch=2)
    alone = network(image[1:], {prior: tensor[1:] for prior, tensor in priors.items()})
    assert torch.allclose(network(image, priors)[1][1:], alone[1], atol=1e-5)


@pytest.mark.parametrize("size", [(20, 16), (16, 4), (15, 15)])
def test_sizes_that_are_not_multiples_of_8_are_refused(build, size, refused):
    with refused(f"{size[1]} x {size[0]} pixels: both must be positive multiples of 8"):
        build()(torch.rand(1, 3, *size))


def test_priors_that_do_not_fit_are_refused(build, faces, refused):
    network = build(PRIORS)
    image, priors = faces(network, 16, 24)
    with refused("the dictionary prior is missing"):
        network(image, {prior: priors[prior] for prior in ("parsing", "heatmap")})
    with refused("the parsing prior is missing"):
        network(image)
    for shape in ((1, 19, 24, 16), (2, 19, 16, 24), (1, 18, 16, 24)):
        with refused("the parsing prior has shape .* expected"):
            network(image, {**priors, "parsing": torch.rand(shape)})


def test_priors_of_data_and_architecture_must_be_the_same(build, refused):
    with refused("takes the priors heatmap but the data has none"):
        build(("heatmap",), prior_channels={})
    with refused("takes the priors none but the data has parsing"):
        build(prior_channels={"parsing": 19})


@pytest.mark.parametrize("wrong", [{"iterations": 0}, {"iterations": 17}, {"blocks": 0}, {"atention": True}])
def test_impossible_networks_are_refused(wrong):
    with pytest.raises(ValidationError):
        NetworkConfig(**wrong)


def test_state_dict_keys_stay(build):
    """Weights files of earlier versions load by these names; a change needs a new weights format."""
    network = build(PUBLISHED_PRIORS, layers=1, attention=True, operations=PUBLISHED_OPERATIONS)
    found = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    assert found == json.loads(KEYS.read_text())


WRONG_IMAGES = {
    "torch.rand(3, 16, 16)": "float32 (3, 16, 16)",
    "torch.rand(1, 1, 16, 16)": "float32 (1, 1, 16, 16)",
    "torch.zeros(1, 3, 16, 16, dtype=torch.uint8)": "uint8 (1, 3, 16, 16)",
    "torch.rand(1, 3, 16, 20)": "the image is 20 x 16 pixels: both must be positive multiples of 8",
    "torch.rand(1, 3, 0, 16)": "the image is 16 x 0 pixels: both must be positive multiples of 8",
}


def test_a_wrong_image_is_reported_in_one_line(tmp_path):
    """In a process of its own, without the tests' checks of shapes."""
    program = f"""
import torch, mfps
network = mfps.Genotype.load("mfpsnet").with_width(1).compile(iterations=1, blocks=1)
for image in ({", ".join(WRONG_IMAGES)}):
    try:
        network(image)
    except mfps.MfpsError as error:
        print(error)
"""
    ended = run_process(sys.executable, "-c", program, folder=tmp_path)
    assert ended.status == 0, ended.err
    for line, reported in zip(ended.out.splitlines(), WRONG_IMAGES.values(), strict=True):
        assert reported in line


@torch.no_grad()
@pytest.mark.parametrize("training", [False, True])
def test_a_prior_without_the_picture_is_computed_once_a_face(build, faces, training):
    network = build(PRIORS, iterations=4).train(training)
    ran = {"prior_inputs.dictionary.0": 0, "paths.dictionary": 0, "paths.parsing": 0}
    for name in ran:
        network.get_submodule(name).register_forward_hook(lambda *_, name=name: ran.update({name: ran[name] + 1}))
    network(*faces(network, batch=2))
    assert ran == {"prior_inputs.dictionary.0": 1, "paths.dictionary": 3 if training else 1, "paths.parsing": 3}
