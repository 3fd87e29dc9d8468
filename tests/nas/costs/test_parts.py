from itertools import product

import numpy as np
import pytest
from mfps.genotypes.backbone import Backbone, BackboneSpace
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import PRIORS, search_space
from mfps.inference.cost_report import usual_config
from mfps.nas.backbone_costs import space_costs
from mfps.nas.costs.parts import PartTimes, rest_parts

from ..made_up_times import made_up_times
from .architectures import all_branches

FEW = BackboneSpace((0, 1), (1, 2), (0.5, 1.0), (0.25, 1.0))
FUSED = BackboneSpace((0, 1), (1,), (1.0,), (1.0,), (0.25, 1.0))
CASES = [((), None, 1), ((), FEW, 2), (("parsing", "dictionary"), FUSED, 1), (PRIORS, FUSED, 3), (PRIORS, None, 2)]


def spaced(priors, backbones, iterations, layers=2, **options):
    spaces = search_space(
        priors, width=2, layers=layers, fusion_layers=2, any_end=backbones is not None,
        operations=("skip", "conv_5x5"), **options,
    )  # fmt: skip
    return spaces, usual_config(priors, iterations, blocks=2)


class Asked(dict):
    """Remembers which parts were asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.names = set()

    def get(self, key, default=None):
        self.names.add(key)
        return super().get(key, default)


@pytest.mark.parametrize(("priors", "backbones", "iterations"), CASES, ids=str)
def test_the_parts_of_a_space_are_those_that_its_architectures_have(priors, backbones, iterations):
    spaces, config = spaced(priors, backbones, iterations)
    times = made_up_times(spaces, config, backbones)
    asked = Asked(times.nanoseconds)
    costs = space_costs(spaces, config, 16, backbones=backbones, times=times._replace(nanoseconds=asked))
    for seed in range(400):
        genotype = random_genotype(spaces, seed, backbones=backbones)
        costs.of(genotype.present, genotype.backbone)
        if asked.names == set(times.nanoseconds):
            break
    assert asked.names == set(times.nanoseconds)


def test_a_part_that_was_not_measured_is_named(refused):
    spaces, config = spaced((), None, 1)
    times = made_up_times(spaces, config)
    lacking = PartTimes({name: ns for name, ns in times.nanoseconds.items() if not name.startswith("block")})
    with refused("`latency`: the table lacks block .*measure the space with `mfps latency measure`"):
        space_costs(spaces, config, 16, times=lacking)


@pytest.mark.parametrize("backbones", [None, FEW], ids=["published", "wide"])
def test_times_add_up_and_their_extremes_are_those_of_all_architectures(backbones):
    """The sum over the parts of every architecture, against what the dynamic programs say."""
    spaces, config = spaced((), backbones, 2, layers=2)
    times = made_up_times(spaces, config, backbones)
    costs = space_costs(spaces, config, 16, backbones=backbones, times=times)
    chosen = [None]
    if backbones is not None:
        chosen = [
            Backbone(**dict(zip(backbones.choices, row, strict=True))) for row in product(*backbones.choices.values())
        ]

    def taken(branch, backbone):
        rest = rest_parts(spaces, config, backbone)
        known = costs.branch_costs if backbones is None else costs.at(backbone).branch_costs
        rates = (1, 1, *branch.path)
        steps = zip(rates, rates[1:], branch.path, strict=False)
        own = known["upsample"]
        path = [own.opening, own.end(branch.path[-1])]
        for layer, (before, source, target) in enumerate(steps):
            path += [own.s0(min(layer, 1), before, target), own.s1(source, target)]
            path += [own.operation(kept.op, target) for kept in branch.cell]
        passes = config.iterations * sum(part.nanoseconds for part in path)
        return times.constant + passes + sum(n * times.of(part) for part, n in rest.items())

    branches = list(all_branches(spaces["upsample"]))
    some = np.random.default_rng(0).choice(len(branches), 40, replace=False)
    for i in some.tolist():
        backbone = chosen[i % len(chosen)]
        assert costs.of({"upsample": branches[i]}, backbone).nanoseconds == taken(branches[i], backbone)
    own = {costs.of({"upsample": branch}, chosen[-1]) for branch in branches}
    whole = costs.of({"upsample": branches[0]}, chosen[-1]).nanoseconds
    saved = [costs.of({"upsample": branches[0]}, backbone).nanoseconds - whole for backbone in chosen]
    every = [cost.nanoseconds + less for cost in own for less in saved]
    assert costs.least.nanoseconds.cost.nanoseconds == min(every)
    assert costs.greatest.nanoseconds.cost.nanoseconds == max(every)
    assert min(every) < costs.median.nanoseconds.cost.nanoseconds < max(every)
    for ends, best in ((costs.least, min(every)), (costs.greatest, max(every))):
        found = ends.nanoseconds
        assert costs.of(found.branches, found.backbone) == found.cost
        assert found.cost.nanoseconds == best
    front = costs.front(flops=1, parameters=0, nanoseconds=1)
    assert min(cost.nanoseconds for cost in front) == min(every)
    assert all(cost.parameters == 0 for cost in front)


def test_without_times_nothing_takes_any():
    spaces, config = spaced(("parsing",), FUSED, 2)
    costs = space_costs(spaces, config, 16, backbones=FUSED)
    genotype = random_genotype(spaces, 0, backbones=FUSED)
    cost = costs.of(genotype.present, genotype.backbone)
    assert (cost.nanoseconds, cost.milliseconds) == (0, None)
    assert set(cost.record()) == {"parameters", "flops"}
    assert costs.least.nanoseconds is None
    assert "nanoseconds" not in costs.resources
