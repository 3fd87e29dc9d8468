import json
from itertools import pairwise

import numpy as np
import pytest
from mfps.genotypes.backbone import backbone_space
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.sampling import random_backbone, random_genotype
from mfps.genotypes.space import search_space
from mfps.nas.report import drawings as report_drawings
from mfps.nas.report.drawings import MOST_DRAWINGS, epoch_drawings, front_drawings

from ..search_folder import write_search


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_search(tmp_path_factory.mktemp("drawings") / "run", epochs=9, members=0)


@pytest.mark.parametrize("epochs", [1, 2, 5, 59, 60, 61, 300, 999])
def test_a_long_search_has_evenly_spaced_drawings_and_its_last(records, tmp_path, epochs):
    history = [{**records[epoch % 9], "epoch": epoch} for epoch in range(1, epochs + 1)]
    drawn = epoch_drawings(history, tmp_path, None)
    numbers = [number for number, _ in drawn.shown]
    assert len(numbers) == min(epochs, MOST_DRAWINGS)
    assert (numbers[0], numbers[-1]) == (1, epochs)
    steps = [after - before for before, after in pairwise(numbers)]
    assert not steps or max(steps) - min(steps) <= 1
    assert len(drawn.svgs) == len(set(drawn.svgs)) <= 9  # each genotype and its probabilities once


def test_large_drawings_are_fewer(records, tmp_path, monkeypatch):
    history = [{**records[epoch % 9], "epoch": epoch} for epoch in range(1, 61)]
    size = max(map(len, epoch_drawings(history, tmp_path, None).svgs))
    monkeypatch.setattr(report_drawings, "MOST_CHARACTERS", 7 * size)
    drawn = epoch_drawings(history, tmp_path, None)
    assert 7 <= len(drawn.shown) <= 8
    monkeypatch.setattr(report_drawings, "MOST_CHARACTERS", 0)
    assert [number for number, _ in epoch_drawings(history, tmp_path, None).shown] == [1, 60]


def test_probabilities_are_titles_where_the_strategy_decides(records, tmp_path):
    (decided,) = epoch_drawings(records[-1:], tmp_path, None).svgs
    (drawn,) = epoch_drawings([{**records[-1], "entropy": {}}], tmp_path, None).svgs
    assert "<title>end at" in decided
    assert "<title>" not in drawn
    (others,) = epoch_drawings(records[-1:], tmp_path, ("skip", "conv_3x3")).svgs
    assert "conv 3x3 0." in decided
    assert "conv 3x3 0." not in others


@pytest.mark.parametrize("entry", ["genotype", "probabilities"])
@pytest.mark.parametrize("damage", [None, [], {}, {"upsample": {}}, {"upsample": 3}, "x"])
def test_a_damaged_epoch_is_left_out(records, tmp_path, entry, damage):
    for place in (0, 4, 8):
        history = json.loads(json.dumps(records))
        history[place][entry] = damage
        numbers = [number for number, _ in epoch_drawings(history, tmp_path, None).shown]
        others = [number for number in range(1, 10) if number != place + 1]
        assert numbers in (others, list(range(1, 10)) if entry == "probabilities" else others)


def test_the_front_draws_each_genotype_and_equal_ones_once():
    genotypes = [random_genotype(search_space(layers=2), seed) for seed in (0, 1, 0)]
    drawn = front_drawings(dict(enumerate(genotypes, start=4)))
    assert drawn.shown == [(4, 0), (5, 1), (6, 0)]
    assert len(drawn.svgs) == 2
    assert front_drawings({}) == ([], [])


def test_blocks_that_a_search_might_have_chosen_are_drawn_too():
    smallest = random_backbone(backbone_space(1, with_priors=False), np.random.default_rng(0))
    genotype = Genotype.of(random_genotype(search_space(layers=2), 0).present, smallest)

    def boxes(blocks):
        (svg,) = front_drawings({1: genotype}, backbone_space(blocks, with_priors=False)).svgs
        return svg.count("<rect")

    assert [boxes(blocks) - boxes(1) for blocks in (1, 2, 5)] == [0, 2, 8]  # in the encoder, and in the refinement
