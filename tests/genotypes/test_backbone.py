from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.genotypes.backbone import LAYERS, SHARES, Backbone, backbone_space, share_of, whole_backbone
from mfps.genotypes.sampling import random_backbone
from pydantic import ValidationError

SPACES = [backbone_space(blocks, with_priors) for blocks, with_priors in product((0, 1, 2), (False, True))]


def every(space):
    choices = space.choices
    return [Backbone(**dict(zip(choices, values, strict=True))) for values in product(*choices.values())]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_a_space_holds_what_it_counts_and_nothing_else(space):
    found = every(space)
    assert len(found) == len(set(found)) == space.count
    assert not any(space.departure(backbone) for backbone in found)
    assert space.whole in found
    for other in SPACES:
        for backbone in every(other):
            assert (space.departure(backbone) == "") == (backbone in found)


@pytest.mark.parametrize("with_priors", [False, True])
def test_the_whole_of_a_space_is_the_published_backbone(with_priors):
    assert backbone_space(3, with_priors).whole == whole_backbone(3, with_priors)


@given(st.integers(1, 4096))
def test_slices_lie_one_inside_the_other_and_the_whole_is_the_whole(channels):
    sizes = [share_of(channels, share) for share in SHARES]
    assert sizes == sorted(sizes)
    assert (sizes[0] >= 1, sizes[-1]) == (True, channels)


@pytest.mark.parametrize("value", [0.3, 0, 2, -1, True, "0.5", None, 0.0, float("nan"), float("inf")], ids=str)
@pytest.mark.parametrize("field", ["redistill", "restore"])
def test_shares_that_are_none(field, value):
    with pytest.raises(ValidationError, match=r"is not a share: give one of 0\.25, 0\.5, 0\.75, 1\.0"):
        Backbone(**{**whole_backbone(3, False).model_dump(), field: value})


def test_one_is_a_share_however_it_is_written():
    data = whole_backbone(2, True).model_dump()
    assert Backbone(**{**data, "redistill": 1, "restore": 1, "fusion": 1}) == Backbone(**data)


def test_every_choice_has_a_name_and_is_described():
    assert set(LAYERS) == set(Backbone.model_fields)
    backbone = Backbone(encoder_blocks=1, refine_blocks=0, redistill=0.25, restore=1.0, fusion=None)
    assert backbone.described == {
        "encoder": "1 block",
        "re-distillation": "0.25 of its width",
        "refinement": "no blocks",
        "re-restoring": "whole width",
    }


def test_every_backbone_is_equally_likely():
    space, rng = backbone_space(1, True), np.random.default_rng(0)
    counts = Counter(random_backbone(space, rng) for _ in range(10 * space.count))
    expected = counts.total() / space.count
    statistic = sum((counts[backbone] - expected) ** 2 for backbone in every(space)) / expected
    assert abs(statistic - (space.count - 1)) / (2 * (space.count - 1)) ** 0.5 < 4
