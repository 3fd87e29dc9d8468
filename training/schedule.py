"""Learning rate as a factor of the initial one, as a pure function of the position in the training."""

import math

WARMUP = 0.03
"""Share of a cosine schedule in which the rate rises linearly."""


def lr_factor(schedule: str, epoch: int, step: int, total: int, halve_at: tuple[int, ...]) -> float:
    """The factor by which the initial learning rate is multiplied.

    Args:
        schedule: `published`, `cosine` or `constant`.
        epoch: epochs finished.
        step: steps finished.
        total: steps of the whole training.
        halve_at: epochs at which `published` halves the rate.

    Returns:
        The factor, from 0 to 1.
    """
    if schedule == "published":
        return 0.5 ** sum(epoch >= milestone for milestone in halve_at)
    if schedule == "constant":
        return 1.0
    warm = max(1, round(WARMUP * total))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))
