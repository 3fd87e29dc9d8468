import json

import pytest
from mfps.genotypes.genotype import Branches, Genotype
from mfps.genotypes.space import OPERATIONS, PRIORS, search_space
from mfps.inference.cost_report import genotype_costs, usual_config
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
