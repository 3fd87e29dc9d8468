"""Faces to measure with have the shapes that networks take, and a dictionary that is zero outside the parts."""

from mfps.bench.faces import random_faces


def test_shapes_and_zeros():
    pictures, priors = random_faces(2, 32, {"parsing": 3, "dictionary": 4})
    assert pictures.shape == (2, 3, 32, 32)
    assert {prior: maps.shape for prior, maps in priors.items()} == {
        "parsing": (2, 3, 32, 32),
        "dictionary": (2, 4, 32, 32),
    }
    assert 0 < (priors["dictionary"] != 0).float().mean() < 0.6
    assert (priors["parsing"] != 0).float().mean() > 0.9
