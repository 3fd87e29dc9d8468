import json

import pytest
from mfps.genotypes.diff import Difference, diff_genotypes
from mfps.genotypes.genotype_file import parse_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import PRIORS, search_space


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
