"""The blocks that are timed are what networks consist of."""

from collections import Counter

import pytest
import torch
from mfps.bench.latency.blocks import COPIES, Copies, block
from mfps.genotypes.backbone import BackboneSpace
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import PRIORS, cell_width, search_space
from mfps.inference.compile import compile_genotype
from mfps.inference.cost_report import usual_config
from mfps.nas.costs.network_rest import whole_fusion_width
from mfps.nas.costs.parts import BranchParts, Part, rest_parts, runs_of, space_parts
from mfps.networks.network_config import NetworkConfig

BACKBONES = BackboneSpace((0, 2), (1,), (0.5, 1.0), (0.25, 1.0), (0.5, 1.0))
ALONE = BackboneSpace((0, 2), (1,), (0.5, 1.0), (0.25, 1.0))


def parts_of(genotype, spaces, config):
    """How often each part is in a network, those of paths once."""
    found = Counter()
    present = genotype.present
    for name, branch in present.items():
        entry = whole_fusion_width(spaces) if name == "fusion" else cell_width(branch.width, branch.start_rate)
        parts = BranchParts(branch.width, branch.start_rate, entry)
        rates = (branch.start_rate, branch.start_rate, *branch.path)
        one = [parts.stem, parts.head(branch.path[-1])]
        for layer, (before, source, target) in enumerate(zip(rates, rates[1:], branch.path, strict=False)):
            one += [parts.s0(layer, before, target), parts.s1(source, target)]
            one += [parts.operation(kept.op, target) for kept in branch.cell]
        found.update(part for part in one if part is not None)
    sized = {name: spaces[name] for name in spaces}
    if "fusion" in present:
        sized["fusion"] = type(spaces["fusion"])("fusion", present["fusion"].width)
    for part, runs in rest_parts(sized, config, genotype.backbone).items():
        kind = part.kind.removeprefix("prior_input_")
        passes = runs_of(kind, config.iterations) if kind in PRIORS else config.iterations
        if part.kind in ("prior_output", "attended_output"):
            found[part] += 1  # the priors share it
        elif part.kind == "fusion_output":
            found[part] += runs // (config.iterations - 1)
        else:
            found[part] += runs // passes
    return found


@pytest.mark.parametrize(
    ("priors", "attention", "backbones"), [((), False, ALONE), (PRIORS, False, BACKBONES), (PRIORS, False, None)]
)
def test_together_they_have_the_parameters_of_the_network(priors, attention, backbones):
    spaces = search_space(priors, width=2, layers=3, fusion_layers=2, any_end=backbones is not None)
    config = usual_config(priors, 3 if priors else 1, blocks=2, attention=attention)
    for seed in range(2):
        genotype = random_genotype(spaces, seed, backbones=backbones)
        with torch.device("meta"):
            network = compile_genotype(genotype, config)
        found = parts_of(genotype, spaces, config)
        counted = sum(n * size_of(block(part, 16)[0]()) for part, n in found.items())
        assert counted == size_of(network)


def size_of(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_each_runs_alone_and_gives_what_its_name_says():
    spaces = search_space(PRIORS, width=2, layers=2, fusion_layers=1, any_end=True)
    config = NetworkConfig(
        iterations=2,
        blocks=1,
        prior_channels={"parsing": 3, "heatmap": 2, "dictionary": 5},
        attention=True,
        base="lowpass",
    )
    for part in space_parts(spaces, config, BACKBONES):
        build, example = block(part, 32)
        assert example.shape[-1] == 4 * part.source
        with torch.no_grad():
            result = build().eval()(example)
        assert result.shape[-1] == 4 * part.target, part
        if part.kind not in ("redistill", "restore", "base_lowpass", "step"):
            assert result.shape[1] == part.channels, part
        assert not torch.equal(result[..., :1, :1], torch.zeros(())) or part.kind


def test_copies_have_weights_of_their_own():
    for part in (Part("conv_3x3", 4, 4, 1, 1), Part("projection", 12, 2, 1, 2), Part("first", 192, 16, 8, 1)):
        build, example = block(part, 16)
        copies = Copies(build, example)
        assert size_of(copies) == COPIES * size_of(build())
        with torch.no_grad():
            assert len(copies(example)) == (1 if part.kind == "conv_3x3" else COPIES)
