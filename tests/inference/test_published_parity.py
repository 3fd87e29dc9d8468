"""The restorer is the published MFPSNet: the same weights and inputs, made from names, give the same output.

The weights come as a checkpoint in the official layout, so that the import is judged too. The expected numbers come
from a float64 run of the published network (tests/published/mfpsnet_*).
"""

import json
import zlib

import numpy as np
import pytest
import torch
from mfps.genotypes.genotype_file import read_genotype
from mfps.inference.foreign_network import import_network
from mfps.networks.published_layout import MODULES, OFFICIAL_BRANCHES

from ..published_recipe import CHANNELS, DATA, published_state

ACTIVATIONS = json.loads((DATA / "mfpsnet_activations.json").read_text())


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    file = tmp_path_factory.mktemp("official") / "MFPSNet.pth"
    torch.save(published_state(), file)
    return import_network(file, read_genotype("mfpsnet"))


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


@torch.no_grad()
def test_float32_gives_the_published_output(published, given, expected):
    network = published.restorer
    outputs = network.float()(*given)
    for output, truth in zip(outputs, expected, strict=True):
        assert relative_error(output, truth) < 2e-6


@torch.no_grad()
def test_float64_gives_the_published_output_and_inner_features(published, given, expected):
    network = published.restorer
    network.double()
    places = MODULES | {f"paths.{branch}": official for branch, official in OFFICIAL_BRANCHES.items()}
    ours = {official: place for place, official in places.items()}
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
