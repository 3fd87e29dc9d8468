import json
from math import prod

import pytest
from mfps.genotypes.backbone import backbone_space
from mfps.genotypes.genotype import Branches, Genotype
from mfps.genotypes.space import OPERATIONS, PRIORS, search_space
from mfps.inference.cost_report import genotype_costs, usual_config
from mfps.nas.backbone_costs import space_costs
from mfps.nas.space_costs import SpaceCosts
from mfps.nas.space_report import space_facts

from .costs.architectures import all_branches


def test_a_small_space_is_described_as_it_is():
    space = search_space(width=1, layers=3, operations=OPERATIONS[1:3])
    facts = space_facts(SpaceCosts(space, usual_config([]), 16))
    assert (
        facts["architectures"]
        == facts["branches"]["upsample"]["architectures"]
        == len(list(all_branches(space["upsample"])))
    )
    assert (facts["branches"]["upsample"]["paths"], facts["branches"]["upsample"]["cells"]) == (13, 18 * 2**6)
    assert "exactly" in facts["median"]


def test_a_space_whose_backbone_is_chosen_too():
    spaces = search_space(("parsing",), width=1, layers=2, fusion_layers=2, any_end=True)
    backbones = backbone_space(1, True)
    costs = space_costs(spaces, usual_config(("parsing",), blocks=1), 16, backbones=backbones)
    facts = json.loads(json.dumps(space_facts(costs)))
    assert facts["backbone"] == {name: list(options) for name, options in backbones.choices.items()}
    assert facts["architectures"] == backbones.count * prod(row["architectures"] for row in facts["branches"].values())
    assert "random architectures" in facts["median"]
    for resource, row in facts["costs"].items():
        assert row["least"][resource] < row["median"][resource] < row["greatest"][resource]
        for landmark in row.values():
            parts = {"branches": landmark["branches"], "backbone": landmark["backbone"]}
            genotype = Genotype.model_validate({"schema": "mfps.genotype/2", **parts})
            assert costs.of(genotype.present, genotype.backbone).record() == {
                name: landmark[name] for name in ("parameters", "flops")
            }
    alone = search_space(width=1, layers=2, any_end=True)
    assert (
        "fusion"
        not in space_facts(space_costs(alone, usual_config([]), 16, backbones=backbone_space(1, False)))["backbone"]
    )


@pytest.mark.parametrize("iterations", [1, 2])
def test_costs_are_those_that_genotype_show_counts(iterations):
    space = search_space(PRIORS, width=1, layers=2, fusion_layers=3)
    facts = json.loads(json.dumps(space_facts(SpaceCosts(space, usual_config(PRIORS, iterations), 24))))
    assert facts["architectures"] == 5**4 * 13 * 73_728**5
    for resource, row in facts["costs"].items():
        for what, landmark in row.items():
            genotype = Genotype(schema="mfps.genotype/1", branches=Branches.model_validate(landmark["branches"]))
            counted = genotype_costs(genotype, 24, iterations)
            total = counted["total"]
            assert (landmark["parameters"], landmark["flops"]) == (total.parameters, total.flops)
            if what == "median":
                rest = getattr(counted["rest"], resource)
                assert facts["searched"][resource] == pytest.approx(1 - rest / landmark[resource])
        assert facts["ratio"][resource] == row["greatest"][resource] / row["least"][resource]
    assert "grid" in facts["median"]
