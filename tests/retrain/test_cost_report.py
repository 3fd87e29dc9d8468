import pytest
from mfps.genotypes.genotype_file import read_genotype
from mfps.genotypes.space import PRIORS
from mfps.networks.cost import network_cost
from mfps.networks.restorer import NetworkConfig
from mfps.retrain.compile import compile_genotype
from mfps.retrain.cost_report import USUAL_CHANNELS, genotype_costs


@pytest.mark.parametrize("priors", [(), ("heatmap",)], ids=len)
def test_the_cost_is_the_compiled_networks(priors, drawn_genotype):
    genotype = drawn_genotype(priors)
    config = NetworkConfig(
        iterations=2 if priors else 1, blocks=2, prior_channels={prior: USUAL_CHANNELS[prior] for prior in priors}
    )
    expected = network_cost(compile_genotype(genotype, config), 16)
    assert genotype_costs(genotype, 16, blocks=2) == expected


def test_the_published_network_has_the_parameters_that_are_alive():
    costs = genotype_costs(read_genotype("mfpsnet"), 8)
    # Of 68 landmarks; the published 71 heatmap channels have 3 x 3 x 3 x 8 = 216 weights more.
    assert costs["total"].parameters + 216 == 17_538_367
    assert list(costs) == ["total", "upsample", *PRIORS, "fusion", "rest"]


def test_numbers_out_of_range(drawn_genotype, refused):
    for size in (0, 12, -8):
        with refused(f"--size is {size}: the side of a face is a positive multiple of 8"):
            genotype_costs(drawn_genotype(), size)
    with refused("--iterations: must be greater than or equal to 1"):
        genotype_costs(drawn_genotype(), 16, iterations=0)
    with refused("--blocks: must be greater than or equal to 1"):
        genotype_costs(drawn_genotype(), 16, blocks=0)
