"""Weighted sums of features, in as few passes over memory as possible."""

import torch
from torch import Tensor

from ..networks.cell import Weight


def is_zero(weight: Weight) -> bool:
    """Whether a weight is the plain number 0, so that what it weighs needs not be computed."""
    return not isinstance(weight, Tensor) and weight == 0


def plus_weighted(total: Tensor | None, weight: Weight, term: Tensor) -> Tensor:
    """`total + weight * term`, or `weight * term` without a total.

    Args:
        total: what there is so far, of the term's shape, or None.
        weight: a number or a scalar ().
        term: what is added.
    """
    if not isinstance(weight, Tensor):
        weighted = term if weight == 1 else weight * term
    elif total is None or not total.dtype == weight.dtype == term.dtype:  # addcmul would widen them under autocast
        weighted = weight * term
    else:
        return torch.addcmul(total, term, weight)
    return weighted if total is None else total + weighted


def weighted_sum(terms: list[tuple[Weight, Tensor]]) -> Tensor:
    """Sum at least one tensor after multiplying each by its weight, from left to right."""
    total = plus_weighted(None, *terms[0])
    for weight, term in terms[1:]:
        total = plus_weighted(total, weight, term)
    return total
