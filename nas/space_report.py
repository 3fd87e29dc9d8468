"""A search space before any search: how large it is, what its architectures cost, and how much of it is searched."""

from math import prod
from typing import Any

from ..genotypes.sampling import count_cells, count_paths
from .backbone_costs import MEDIAN_DRAWS, BackboneCosts
from .costs.cost_distribution import GRID, TRIALS
from .space_costs import MAX_COUNTED_LAYERS, Landmark, SpaceCosts

LANDMARKS = ("least", "median", "greatest")
"""The architectures that are shown of each resource."""


def space_facts(costs: SpaceCosts | BackboneCosts) -> dict[str, Any]:
    """What is known of a space before any search, as JSON data; numbers of architectures are exact.

    Args:
        costs: of the space.

    Raises:
        MfpsError: a branch has too many layers for counting.
    """
    branches = {
        name: {
            "start_rate": space.start_rate,
            "width": space.width,
            "layers": space.layers,
            "paths": (paths := count_paths(space)),
            "cells": (cells := count_cells(space)),
            "architectures": paths * cells,
        }
        for name, space in costs.searched.items()
    }
    backbones = costs.backbones if isinstance(costs, BackboneCosts) else None
    choices = {} if backbones is None else {"backbone": {n: o for n, o in backbones.choices.items() if o != (None,)}}
    found = {
        resource: {what: getattr(getattr(costs, what), resource) for what in LANDMARKS} for resource in costs.resources
    }
    constant = costs.constant.record()
    spent = {
        resource: {what: getattr(one.cost, resource) for what, one in landmarks.items()}
        for resource, landmarks in found.items()
    }
    return {
        "size": costs.size,
        "network": costs.config.model_dump(mode="json"),
        "architectures": prod(branch["architectures"] for branch in branches.values())
        * (1 if backbones is None else backbones.count),
        "branches": branches,
        **choices,
        "costs": {resource: {what: _described(one) for what, one in row.items()} for resource, row in found.items()},
        "ratio": {resource: values["greatest"] / values["least"] for resource, values in spent.items()},
        "searched": {r: (values["median"] - constant[r]) / values["median"] for r, values in spent.items()},
        "median": how_median(costs),
    }


def how_median(costs: SpaceCosts | BackboneCosts) -> str:
    """How the median was found, in words."""
    if isinstance(costs, BackboneCosts):
        return f"that of {MEDIAN_DRAWS:,} random architectures, always the same"
    if len(costs.searched) == 1:
        return f"counted exactly over all architectures (up to {MAX_COUNTED_LAYERS} layers)"
    return (
        f"counted for each branch, added up on a grid of {GRID:,} steps; the nearest of {TRIALS:,} architectures tried"
    )


def _described(landmark: Landmark) -> dict[str, Any]:
    branches = {
        name: branch.model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, branch in landmark.branches.items()
    }
    backbone = {} if landmark.backbone is None else {"backbone": landmark.backbone.model_dump(exclude_none=True)}
    return {**landmark.cost.record(), "branches": branches, **backbone}
