import re
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.files.config_model import ConfigModel, fill
from mfps.genotypes.backbone import backbone_space
from mfps.genotypes.space import OPERATIONS, PRIORS, search_space
from mfps.inference.cost_report import usual_config
from mfps.nas.backbone_costs import space_costs
from mfps.nas.budget import Budget, MaxGflops, MaxParameters, amount, resolve_budget
from mfps.nas.space_costs import SpaceCosts
from mfps.networks.cost import Cost

from .costs.architectures import all_branches
from .made_up_times import made_up_times


@dataclass
class Known:
    """A small space, and the costs of all its architectures."""

    costs: SpaceCosts
    every: list[Cost]


@pytest.fixture(scope="module")
def known():
    space = search_space(width=2, layers=3, operations=OPERATIONS[:2])
    costs = SpaceCosts(space, usual_config([], blocks=1), 64)
    return Known(costs, sorted({costs.of({"upsample": branch}) for branch in all_branches(space["upsample"])}))


class Limited(ConfigModel):
    max_gflops: MaxGflops = None
    max_parameters: MaxParameters = None


@pytest.mark.parametrize(
    ("given", "text"), [("1.2", "1.2"), (1.2, "1.2"), (3, "3"), ("60%", "60%"), ("60 %", "60%"), ("3e6", "3e6")]
)
def test_a_limit_is_a_number_or_a_percentage(given, text):
    config = fill(Limited, {"max_gflops": given})
    assert config.max_gflops == text
    assert Limited(**config.model_dump()) == config


@pytest.mark.parametrize("given", ["", "x", "0", -1, "-5%", "nan", "inf", "%", "5%%", True, [3], "1" * 400])
def test_anything_else_is_refused(given, refused, known):
    with refused("`max_gflops`: must be a number above 0, or a percentage of the space's median such as 90%"):
        fill(Limited, {"max_gflops": given})
    if isinstance(given, str):
        with refused("`min_parameters`: must be a number above 0"):
            resolve_budget(known.costs, min_parameters=given)


def test_a_budget_admits_what_lies_within_it():
    budget = Budget(max_flops=10, min_parameters=3)
    assert [budget.admits(Cost(*cost)) for cost in ((3, 10), (2, 10), (3, 11), (99, 0))] == [True, False, False, True]
    assert Budget().admits(Cost(0, 0))


def test_a_budget_in_words():
    assert Budget().describe() == "any cost"
    budget = Budget(max_flops=5.2e9, min_flops=1e6, max_parameters=3e6)
    assert budget.describe() == "at least 0.001 GFLOPs and at most 5.2 GFLOPs and at most 3,000,000 parameters"
    assert amount(4_254_072_832, "flops") == "4.254 GFLOPs"


def test_percentages_are_of_the_median(known):
    median = known.costs.median
    budget = resolve_budget(known.costs, max_gflops="100%", min_parameters="50%")
    assert budget == Budget(max_flops=median.flops.cost.flops, min_parameters=median.parameters.cost.parameters / 2)
    assert budget.admits(median.flops.cost)
    assert resolve_budget(known.costs) == Budget()
    assert resolve_budget(known.costs, max_gflops="2").max_flops == 2e9


NAMES = {"max_gflops": ("flops", 1), "min_gflops": ("flops", -1), "max_parameters": ("parameters", 1)}
NAMES |= {"min_parameters": ("parameters", -1)}


def said(message):
    """The costs in a message, as limits are written."""
    flops = [number.replace(",", "") for number in re.findall(r"([\d.,]+) GFLOPs", message)]
    return flops, [number.replace(",", "") for number in re.findall(r"([\d,]+) parameters", message)]


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_that_nothing_meets_is_refused_with_one_that_something_does(name, known):
    resource, sign = NAMES[name]
    values = [getattr(cost, resource) for cost in known.every]
    best, unit = (min(values) if sign > 0 else max(values)), 1e9 if resource == "flops" else 1
    assert resolve_budget(known.costs, **{name: str(best / unit)})
    with pytest.raises(
        MfpsError, match=f"`{name}` .*: no architecture of this space meets it; the (least|most)"
    ) as error:
        resolve_budget(known.costs, **{name: str((best - sign) / unit)})
    assert "whole network, 64 px, 1 iteration" in str(error.value)
    flops, parameters = said(str(error.value))
    budget = resolve_budget(known.costs, **{name: (flops or parameters)[-1]})
    assert 1 <= sum(budget.admits(cost) for cost in known.every) <= len(known.every) // 10


@pytest.mark.slow
@pytest.mark.parametrize("of_parameters", ["max_parameters", "min_parameters"])
@pytest.mark.parametrize("of_flops", ["max_gflops", "min_gflops"])
def test_two_limits_are_refused_where_no_architecture_meets_both(of_flops, of_parameters, known):
    """Exactly, for limits at and beside the costs of all architectures."""
    outcomes = set()
    flops, parameters = (sorted({getattr(cost, name) for cost in known.every}) for name in ("flops", "parameters"))
    for most_flops in {*flops[::7], flops[-1]}:
        for most_parameters in {*parameters[::5], parameters[-1]}:
            limits = {of_flops: str(most_flops / 1e9), of_parameters: str(most_parameters)}
            signs = NAMES[of_flops][1], NAMES[of_parameters][1]
            meets = any(
                signs[0] * cost.flops <= signs[0] * Decimal(limits[of_flops]) * 10**9
                and signs[1] * cost.parameters <= signs[1] * float(limits[of_parameters])
                for cost in known.every
            )
            outcomes.add(meets)
            try:
                budget = resolve_budget(known.costs, **limits)
            except MfpsError as error:
                assert not meets
                message = str(error)
                assert f"`{of_flops}` {limits[of_flops]} and `{of_parameters}` {limits[of_parameters]}: " in message
                said_flops, said_parameters = said(message)
                assert resolve_budget(known.costs, **{**limits, of_parameters: said_parameters[-1]})
                assert resolve_budget(known.costs, **{**limits, of_flops: said_flops[-1]})
            else:
                assert meets
                assert any(budget.admits(cost) for cost in known.every)
    assert outcomes == {True, False}


def test_a_lower_limit_above_the_upper_one(known, refused):
    with refused("`min_parameters` 150000 is more than `max_parameters` 140000: nothing lies between them"):
        resolve_budget(known.costs, min_parameters="150000", max_parameters="140000")


def test_limits_are_those_of_spaces_whose_backbone_is_chosen_too(refused, monkeypatch):
    space = search_space(width=2, layers=3, operations=OPERATIONS[:2], any_end=True)
    costs = space_costs(space, usual_config([], blocks=1), 64, backbones=backbone_space(1, False))
    least = costs.least.flops.cost
    assert resolve_budget(costs, max_gflops="100%").admits(costs.median.flops.cost)
    assert resolve_budget(costs, max_gflops=str(least.flops / 1e9), max_parameters=str(least.parameters))
    with refused("no architecture of this space meets it; the least that the space can do is"):
        resolve_budget(costs, max_gflops=str((least.flops - 1) / 1e9))
    limits = {"max_gflops": str(least.flops / 1e9), "min_parameters": str(costs.greatest.parameters.cost.parameters)}
    with refused("no architecture of this space meets both"):
        resolve_budget(costs, **limits)
    monkeypatch.setattr("mfps.nas.costs.best_combination.MOST_COMBINATIONS", 1)
    assert not resolve_budget(costs, **limits).admits(least)  # too many to compare: not decided


def test_several_branches_and_percentages_are_named():
    costs = SpaceCosts(search_space(PRIORS, width=1, layers=2, fusion_layers=2), usual_config(PRIORS), 16)
    with pytest.raises(MfpsError, match=r"`max_parameters` 5% \([\d,]+ parameters\): .* 16 px, 2 iterations"):
        resolve_budget(costs, max_parameters="5%")


def test_a_limit_on_time_admits_exactly_those_that_take_no_longer():
    """Also together with limits on the other resources, for which all architectures are compared."""
    spaces = search_space(width=2, layers=2, operations=OPERATIONS[:2])
    config = usual_config([], blocks=1)
    costs = SpaceCosts(spaces, config, 64, times=made_up_times(spaces, config))
    every = sorted({costs.of({"upsample": branch}) for branch in all_branches(spaces["upsample"])})
    rng = np.random.default_rng(0)
    outcomes = set()
    orders = [sorted(every, key=lambda cost, r=r: getattr(cost, r)) for r in ("flops", "parameters", "nanoseconds")]
    for _ in range(60):
        low = int(1 + rng.integers(len(every) // 4))
        flops, parameters, nanoseconds = (order[rng.integers(low)] for order in orders)
        limits = {
            "max_gflops": str(flops.flops / 1e9),
            "max_parameters": str(parameters.parameters),
            "max_ms": str(nanoseconds.nanoseconds / 1e6),
        }
        meets = [
            cost
            for cost in every
            if cost.flops <= flops.flops
            and cost.parameters <= parameters.parameters
            and cost.nanoseconds <= nanoseconds.nanoseconds
        ]
        outcomes.add(bool(meets))
        if meets:
            budget = resolve_budget(costs, **limits)
            assert [cost for cost in every if budget.admits(cost)] == meets
            assert "ms" in budget.describe()
        else:
            with pytest.raises(MfpsError, match=r"no architecture of this space meets (both|all of them); within"):
                resolve_budget(costs, **limits)
    assert outcomes == {True, False}
    assert resolve_budget(costs, max_ms="100%").admits(costs.median.nanoseconds.cost)


def test_a_limit_on_time_needs_times(known, refused):
    with refused("`max_ms` 3 needs a table of how long this space's parts take: make one with `mfps latency measure`"):
        resolve_budget(known.costs, max_ms="3")
