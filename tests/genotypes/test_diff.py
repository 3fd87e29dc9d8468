import json

import pytest
from hypothesis import given, settings
from mfps.genotypes.backbone import Backbone
from mfps.genotypes.diff import Difference, diff_genotypes
from mfps.genotypes.genotype_file import parse_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import PRIORS, search_space

from .wide_genotypes import WIDE, wide_genotype


def changed(genotype, change):
    data = json.loads(genotype.to_json())
    change(data["branches"])
    return parse_genotype(json.dumps(data), "test")


def test_each_change_is_named(mfpsnet):
    def change(branches):
        branches["upsample"]["path"][2] = 8
        branches["upsample"]["cell"][0]["op"] = "conv_7x7"
        branches["heatmap"]["cell"][2] = {"from": "n0", "to": "n1", "op": "skip"}
        branches["fusion"]["path"].append(1)

    assert [str(difference) for difference in diff_genotypes(mfpsnet, changed(mfpsnet, change))] == [
        "upsample: layer 3 rate: 4 -> 8",
        "upsample: edge s0 -> n0: skip -> conv_7x7",
        "heatmap: edge s0 -> n1 removed (conv_5x5)",
        "heatmap: edge n0 -> n1 added (skip)",
        "fusion: layers: 6 -> 7",
        "fusion: layer 7 rate added (1)",
    ]


def test_branches_and_widths(mfpsnet):
    def drop(branches):
        del branches["parsing"]
        branches["fusion"]["width"] = 40

    fewer = changed(mfpsnet, drop)
    assert diff_genotypes(mfpsnet, fewer) == [
        Difference("parsing", "branch", "6 layers of width 8", None),
        Difference("fusion", "width", 48, 40),
    ]
    assert str(diff_genotypes(fewer, mfpsnet)[0]) == "parsing: branch added (6 layers of width 8)"


@pytest.mark.parametrize("seed", range(10))
def test_no_differences_exactly_where_the_hashes_are_equal(seed):
    space = search_space(PRIORS[:1], layers=2, fusion_layers=2)
    a, b = random_genotype(space, seed), random_genotype(space, seed + 100)
    assert diff_genotypes(a, a.model_copy(update={"name": "other", "provenance": {}})) == []
    assert (diff_genotypes(a, b) == []) == (a.hash == b.hash)
    reversed_ = [d._replace(before=d.after, after=d.before) for d in diff_genotypes(b, a)]
    assert reversed_ == diff_genotypes(a, b)


def test_differences_of_the_backbone_are_named(mfpsnet):
    a = wide_genotype(("heatmap",))
    assert a.backbone is not None
    chosen = {"encoder_blocks": 0, "refine_blocks": 2, "redistill": 0.25, "restore": 1.0, "fusion": a.backbone.fusion}
    before, after = (a.model_copy(update={"backbone": Backbone(**(chosen | c))}) for c in ({}, {"restore": 0.5}))
    assert list(map(str, diff_genotypes(before, after))) == ["backbone: restore: 1.0 -> 0.5"]
    after = a.model_copy(update={"backbone": Backbone(**(chosen | {"encoder_blocks": 1, "redistill": 0.75}))})
    assert list(map(str, diff_genotypes(before, after))) == [
        "backbone: encoder blocks: 0 -> 1",
        "backbone: redistill: 0.25 -> 0.75",
    ]
    without = [str(difference) for difference in diff_genotypes(mfpsnet, before) if difference.branch == "backbone"]
    share = chosen["fusion"]
    assert without == [
        "backbone: encoder blocks added (0)",
        "backbone: refine blocks added (2)",
        "backbone: redistill added (0.25)",
        "backbone: restore added (1.0)",
        f"backbone: fusion added ({share})",
    ]


@given(WIDE, WIDE)
@settings(max_examples=30)
def test_wide_genotypes_too_differ_exactly_where_their_hashes_do(a, b):
    assert (diff_genotypes(a, b) == []) == (a.hash == b.hash)
    assert diff_genotypes(a, a.model_copy(update={"name": "other"})) == []
