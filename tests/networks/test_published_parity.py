"""The restorer is the published MFPSNet: the same weights and inputs, made from names, give the same output.

The expected numbers come from a float64 run of the published network (data/mfpsnet_*).
"""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from mfps.genotypes.genotype_file import read_genotype
from mfps.genotypes.space import RATES
from mfps.networks.restorer import NetworkConfig
from mfps.retrain.compile import compile_genotype

DATA = Path(__file__).parent / "data"
SHAPES = json.loads((DATA / "mfpsnet_state_shapes.json").read_text())
ACTIVATIONS = json.loads((DATA / "mfpsnet_activations.json").read_text())
CHANNELS = {"parsing": 19, "heatmap": 71, "dictionary": 256}

BRANCHES = {
    "upsample": "sr_feature",
    "parsing": "parse_feature",
    "heatmap": "heat_feature",
    "dictionary": "dict_feature",
    "fusion": "fusion_feature",
}
MODULES = {
    "conv_first": "conv_first",
    "encoder": "RDB_first",
    "prior_inputs.parsing": "parse_conv",
    "prior_inputs.heatmap": "heat_conv",
    **{f"prior_inputs.dictionary.{i}": f"dict_conv{i + 1}" for i in range(3)},
    "prior_output": "conv8",
    **{f"fusion_output.{i}": f"fusionconv{i + 1}" for i in range(2)},
    "redistill.1": "redis_Conv1",
    "redistill.3": "redis_Conv2",
    "refine": "RDB_last",
    "conv_refined": "conv_afterRDB",
    **{f"conv_up.{i}": f"conv_up{i + 1}" for i in range(3)},
    "conv_hr": "conv_hr",
    "conv_last": "conv_last",
    **{f"paths.{branch}": official for branch, official in BRANCHES.items()},
}
"""Our modules, and the official ones."""


def official_key(key, genotype):
    """The official state-dict key of one of ours."""
    place = max((place for place in MODULES if key.startswith(f"{place}.")), key=len)
    module, rest = MODULES[place], key.removeprefix(f"{place}.").split(".")
    if place in ("encoder", "refine"):
        block, _, conv, kind = rest
        return f"{module}.{block}.conv{int(conv) + 1}.{kind}"
    if not place.startswith("paths."):
        return ".".join([module, *rest])
    branch = place.removeprefix("paths.")
    match rest:
        case ["stem", *tail]:
            return ".".join([module, "stem0", *tail])
        case ["cells", cell, "edges", edge, _, *tail]:
            number = [e.name for e in genotype.present[branch].operations].index(edge)
            return ".".join([module, "cells", layer_of(cell), "_ops", str(number), *tail])
        case ["s0" | "s1" as side, projection, "project", *tail]:
            name = "pre_preprocess" if side == "s0" else "preprocess"
            return ".".join([module, "cells", layer_of(projection), name, *tail])
        case ["head", "last", kind]:
            return f"{module}.{head_step(branch, RATES[-1])}.conv.{kind}"
        case ["head", "climb", rate, *tail]:
            return ".".join([module, head_step(branch, int(rate[1:])), *tail])
    raise KeyError(key)


def layer_of(name):
    return name.split("_")[0][1:]


def head_step(branch, rate):
    # The prior and fusion paths count the head's steps the other way round.
    return f"last_{rate if branch == 'upsample' else RATES[-1] // rate}"


def made_from_name(key):
    shape, kind = SHAPES[key], key.rsplit(".", 1)[1]
    r = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape).astype(np.float32)
    if kind == "running_mean" or (kind == "bias" and len(shape) < 2):
        return 0.1 * r
    if kind == "running_var":
        return 0.5 + np.abs(r)
    if kind == "num_batches_tracked":
        return np.zeros((), np.int64)
    return r / np.sqrt(np.prod(shape[1:])).astype(np.float32) if len(shape) >= 2 else 1 + 0.1 * r


@pytest.fixture(scope="module")
def published():
    genotype = read_genotype("mfpsnet")
    network = compile_genotype(genotype, NetworkConfig(prior_channels=CHANNELS))
    keys = {key: official_key(key, genotype) for key in network.state_dict()}
    network.load_state_dict({key: torch.as_tensor(made_from_name(official)) for key, official in keys.items()})
    return network.eval(), keys


@pytest.fixture(scope="module")
def given():
    def array(name, channels):
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        return torch.from_numpy(rng.random((1, channels, 128, 128)).astype(np.float32))

    return array("lq", 3), {prior: array(prior, channels) for prior, channels in CHANNELS.items()}


@pytest.fixture(scope="module")
def expected():
    with np.load(DATA / "mfpsnet_expected.npz") as arrays:
        return [arrays[f"iteration{i}"].astype(np.float64) for i in range(2)]


def relative_error(output, expected):
    return np.linalg.norm(output.numpy() - expected) / np.linalg.norm(expected)


def test_every_weight_has_one_official_name_and_shape(published):
    network, keys = published
    assert len(set(keys.values())) == len(keys)
    assert {key: list(tensor.shape) for key, tensor in network.state_dict().items()} == {
        key: SHAPES[official] for key, official in keys.items()
    }


def test_what_is_left_of_the_official_weights_is_dead(published):
    _, keys = published
    left = SHAPES.keys() - set(keys.values())
    dead = (
        {"conv1", "conv2", "conv3"},
        {f"{module}.cells.0.pre_preprocess" for module in BRANCHES.values()},
        {f"{module}.last_{n}" for module in BRANCHES.values() for n in RATES},
    )
    assert all(key.startswith(tuple(f"{name}." for name in set().union(*dead))) for key in left)
    assert len(left) == 115


@torch.no_grad()
def test_float32_gives_the_published_output(published, given, expected):
    network, _ = published
    outputs = network.float()(*given)
    for output, truth in zip(outputs, expected, strict=True):
        assert relative_error(output, truth) < 2e-6


@torch.no_grad()
def test_float64_gives_the_published_output_and_inner_features(published, given, expected):
    network, _ = published
    network.double()
    ours = {official: place for place, official in MODULES.items()}
    found = {official: [] for official in ACTIVATIONS}
    handles = [
        network.get_submodule(ours[official]).register_forward_hook(
            lambda _, __, output, official=official: found[official].append(output)
        )
        for official in ACTIVATIONS
    ]
    image, priors = given
    try:
        outputs = network(image.double(), {prior: tensor.double() for prior, tensor in priors.items()})
    finally:
        for handle in handles:
            handle.remove()
    for output, truth in zip(outputs, expected, strict=True):
        assert relative_error(output, truth) < 1e-7
    for official, calls in ACTIVATIONS.items():
        for feature, facts in zip(found[official], calls, strict=True):
            assert list(feature.shape) == facts["shape"]
            assert float(feature.mean()) == pytest.approx(facts["mean"], rel=1e-6, abs=1e-9), official
            assert float(feature.std()) == pytest.approx(facts["std"], rel=1e-6), official
            assert feature.flatten()[:8].tolist() == pytest.approx(facts["first8"], rel=1e-6, abs=1e-9), official
