import itertools

import numpy as np
import pytest
import torch
from mfps.errors import MfpsError
from mfps.priors.parsing.one_hot import one_hot_parsing
from PIL import Image


def test_channels_sum_to_one_and_corners_stay():
    labels = torch.randint(0, 5, (2, 20, 20), generator=torch.Generator().manual_seed(0))
    maps = one_hot_parsing(labels, 5, 8)
    assert torch.allclose(maps.sum(1), torch.ones(2, 8, 8), atol=1e-6)
    assert torch.equal(maps[:, :, 0, 0].argmax(1), labels[:, 0, 0])
    assert torch.equal(maps[:, :, -1, -1].argmax(1), labels[:, -1, -1])
    assert torch.equal(one_hot_parsing(labels, 5, 20).argmax(1), labels)


def test_labels_outside_are_refused():
    with pytest.raises(MfpsError, match="class 5; 5 classes go from 0 to 4"):
        one_hot_parsing(torch.full((1, 4, 4), 5), 5, 4)


def published_values() -> np.ndarray:
    """The 16 values that a channel of each pixel can have, (128, 128, 16), if it was one-hot at 512."""
    fraction = (np.arange(128) * 511 / 127) % 1
    along = np.stack([1 - fraction, fraction], 1)
    weights = (along[:, None, :, None] * along[None, :, None, :]).reshape(128, 128, 4)
    return weights @ np.array(list(itertools.product((0, 1), repeat=4))).T


def distance_to_published(maps: np.ndarray) -> float:
    values = published_values()
    return max(float(np.abs(channel[..., None] - values).min(-1).max()) for channel in maps)


def test_maps_of_512_are_sampled_at_aligned_corners():
    labels = torch.randint(0, 4, (1, 512, 512), generator=torch.Generator().manual_seed(0))
    assert distance_to_published(one_hot_parsing(labels, 4, 128)[0].numpy()) < 1e-4


@pytest.mark.faces
@pytest.mark.parametrize("name", ["0000114_015", "0000114_028"])
def test_the_published_tensor_was_made_this_way(annotated, name):
    with Image.open(annotated(f"mfpsnet/{name}_label.png")) as label_map:
        labels = np.array(label_map)
    with np.load(annotated(f"mfpsnet/{name}_parse.npz"), allow_pickle=False) as stored:
        maps = stored["parse"].astype(np.float32)
    assert distance_to_published(maps) < 1e-3
    assert np.array_equal(maps.argmax(0), labels)
    assert np.array_equal(one_hot_parsing(torch.from_numpy(labels)[None], 19, 128)[0].argmax(0), labels)
