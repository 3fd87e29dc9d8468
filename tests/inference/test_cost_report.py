import pytest
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import read_genotype
from mfps.genotypes.prior_branches import PRIOR_BRANCHES, PUBLISHED_PRIORS
from mfps.inference.compile import compile_genotype
from mfps.inference.cost_report import assumed_channels, genotype_costs, network_config, usual_config
from mfps.networks.cost import network_cost
from mfps.networks.network_config import NetworkConfig

from ..genotypes.wide_genotypes import wide_genotype


@pytest.mark.parametrize("priors", [(), ("heatmap",)], ids=len)
def test_the_cost_is_the_compiled_networks(priors, drawn_genotype):
    genotype = drawn_genotype(priors)
    channels = {prior: PRIOR_BRANCHES[prior].channels for prior in priors}
    config = NetworkConfig(iterations=2 if priors else 1, blocks=2, prior_channels=channels)
    expected = network_cost(compile_genotype(genotype, config), 16)
    assert genotype_costs(genotype, 16, blocks=2) == expected


def test_the_published_network_has_the_parameters_that_are_alive():
    costs = genotype_costs(read_genotype("mfpsnet"), 8)
    assert costs["total"].parameters == 17_538_367
    assert list(costs) == ["total", "upsample", *PUBLISHED_PRIORS, "fusion", "rest"]


def test_channels_are_the_provenances_or_the_usual_ones(drawn_genotype):
    assert assumed_channels(read_genotype("mfpsnet")) == {"parsing": 19, "heatmap": 71, "dictionary": 256}
    genotype = drawn_genotype(("parsing", "heatmap"))
    assert assumed_channels(genotype) == {"parsing": 19, "heatmap": 68}
    told = genotype.model_copy(update={"provenance": {"prior_channels": {"heatmap": 98, "dictionary": 6}}})
    assert assumed_channels(told) == {"parsing": 19, "heatmap": 98}
    more = genotype_costs(told, 16)["total"].parameters - genotype_costs(genotype, 16)["total"].parameters
    width = genotype.branches.heatmap.width
    assert more == 30 * 3 * 3 * width


@pytest.mark.parametrize("said", [71, ["heatmap"], {"heatmap": 0}, {"heatmap": "71"}, {"heatmap": True}], ids=str)
def test_channels_that_are_not_valid(drawn_genotype, refused, said):
    genotype = drawn_genotype(("heatmap",)).model_copy(update={"provenance": {"prior_channels": said}})
    with refused("random: its provenance has prior_channels .* they must be positive integers by prior"):
        genotype_costs(genotype, 16)


def test_numbers_out_of_range(drawn_genotype, refused):
    for size in (0, 12, -8):
        with refused(f"`size` is {size}: the side of a face is a positive multiple of 8"):
            genotype_costs(drawn_genotype(), size)
    with refused("`iterations`: must be greater than or equal to 1"):
        genotype_costs(drawn_genotype(), 16, iterations=0)
    with refused("`blocks`: must be greater than or equal to 1"):
        genotype_costs(drawn_genotype(), 16, blocks=0)


def test_a_space_has_the_configuration_of_its_genotypes(drawn_genotype):
    for priors in ((), ("parsing", "heatmap")):
        assert usual_config(priors) == network_config(drawn_genotype(priors))
        assert usual_config(priors, 3, 1, attention=True) == network_config(
            drawn_genotype(priors), 3, 1, attention=True
        )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("priors", [(), ("heatmap",)], ids=len)
def test_a_genotype_with_a_backbone_costs_its_own_depth_and_widths(priors, seed):
    genotype = wide_genotype(priors, seed, layers=2)
    backbone = genotype.backbone
    assert backbone is not None
    config = network_config(genotype, blocks=9)
    assert config == network_config(genotype)
    assert config.blocks == max(backbone.encoder_blocks, backbone.refine_blocks, 1)
    network = compile_genotype(genotype, config)
    costs = genotype_costs(genotype, 16, blocks=9)
    assert costs == network_cost(network, 16)
    assert costs["total"].parameters == sum(parameter.numel() for parameter in network.parameters())
    assert (len(network.encoder), len(network.refine)) == (backbone.encoder_blocks, backbone.refine_blocks)
    assert Genotype.compile(genotype).state_dict().keys() == network.state_dict().keys()
