import numpy as np
import pytest
import torch
from mfps.inference.folded_inputs import folded_inputs
from mfps.inference.network_facts import NetworkFacts
from mfps.networks.network_config import NetworkConfig

CHANNELS = {"parsing": 19, "heatmap": 71, "dictionary": 256}


@pytest.fixture
def facts(drawn_genotype):
    return NetworkFacts(drawn_genotype(tuple(CHANNELS)), NetworkConfig(prior_channels=CHANNELS), {"heatmap_rgb": True})


def faces(count):
    rng = np.random.default_rng(0)
    return [
        {
            "parsing": rng.integers(0, 19, (9, 9)).astype(np.uint8),
            "heatmap": rng.uniform(0, 16, (68, 2)).astype(np.float32),
            "dictionary": np.concatenate(
                [rng.uniform(0, 16, (4, 4)), rng.integers(0, 5, (4, 1)), np.zeros((4, 1))], 1
            ).astype(np.float32),
        }
        for _ in range(count)
    ]


def test_what_is_stored_is_handed_on(facts):
    stored = faces(2)
    stored[1]["dictionary"][2] = np.nan
    inputs = folded_inputs(facts, stored)
    assert {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in inputs.items()} == {
        "labels": ((2, 9, 9), torch.int64),
        "landmarks": ((2, 68, 2), torch.float32),
        "boxes": ((2, 4, 4), torch.float32),
        "entries": ((2, 4), torch.int64),
    }
    assert inputs["entries"][1].tolist()[2] == -1
    assert inputs["entries"][0].tolist() == stored[0]["dictionary"][:, 4].tolist()
    np.testing.assert_array_equal(inputs["boxes"][0], stored[0]["dictionary"][:, :4])
    np.testing.assert_array_equal(inputs["labels"][1], stored[1]["parsing"])


def test_what_is_left_out_is_missing_everywhere(facts):
    inputs = folded_inputs(facts, [dict.fromkeys(CHANNELS, np.empty(0, np.float32))] * 3)
    assert inputs["labels"].shape == (3, 2, 2)
    assert bool((inputs["labels"] < 0).all())
    assert inputs["landmarks"].shape == (3, 68, 2)
    assert bool(inputs["landmarks"].isnan().all())
    assert bool(inputs["boxes"].isnan().all())
    assert bool((inputs["entries"] == -1).all())


def test_maps_and_mixed_sizes_are_refused(facts, refused):
    stored = faces(2)
    stored[0]["parsing"] = stored[0]["parsing"][:5]
    with refused("differ in size, .* restore them with `batch_size` 1"):
        folded_inputs(facts, stored)
    stored = faces(1)
    stored[0]["heatmap"] = np.zeros((71, 16, 16), np.float32)
    with refused("the heatmap prior is stored as maps"):
        folded_inputs(facts, stored)
