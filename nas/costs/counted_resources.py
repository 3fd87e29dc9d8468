"""Which resources count where costs are compared."""

from collections.abc import Sequence

import numpy as np

from ...networks.cost import Cost
from ..budget import RESOURCES, Resource
from .branch_costs import NOTHING, added
from .parts import PartTimes


def measured_resources(times: PartTimes | None) -> tuple[Resource, ...]:
    """The resources that are known: time only where it was measured."""
    return tuple(resource for resource in RESOURCES if times is not None or resource != "nanoseconds")


def counted(flops: int, parameters: int, nanoseconds: int) -> list[tuple[Resource, int]]:
    """The resources that count, with the signs that say whether little or much of them is wanted; 0 is left out."""
    signs: list[tuple[Resource, int]] = [("parameters", parameters), ("flops", flops), ("nanoseconds", nanoseconds)]
    return [(resource, sign) for resource, sign in signs if sign]


def front_costs(found: np.ndarray, signs: Sequence[tuple[Resource, int]], constant: Cost) -> list[Cost]:
    """Rows of counted resources, with their signs, as costs of whole networks; what does not count is 0.

    Args:
        found: (N, K) a column for each resource that counts.
        signs: of the K resources.
        constant: what every network costs.
    """
    rows = (found * [sign for _, sign in signs]).tolist()
    base = NOTHING._replace(**{resource: getattr(constant, resource) for resource, _ in signs})
    return [
        added(base, NOTHING._replace(**{r: value for (r, _), value in zip(signs, row, strict=True)})) for row in rows
    ]
