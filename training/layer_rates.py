"""Learning rates of single layers.

Adam changes every weight by about the learning rate in a step, whatever the size of its gradient. The more weights feed
an output of a layer, the smaller they are at the start. So with one rate for all, a step changes a kernel of 7x7 over
64 channels ten times as much, of what it is, as one of 1x1 over 32: a large network needs a lower rate than a small
one, and networks of different sizes cannot be compared at any.

Source: the rate by fan-in of Yang et al., 2021 (Tensor Programs V), which is its inverse. With the square
root of that, a step changes all kernels by one share of what they are at the start.
"""

from collections.abc import Iterable
from math import sqrt
from typing import Any

from torch import nn
from torch.optim import Optimizer

REFERENCE_FAN_IN = 288
"""Weights that feed an output of a 3x3 kernel over 32 channels, whose rate is the one given."""


def parameter_groups(parameters: Iterable[nn.Parameter], layer_rates: str) -> list[dict[str, Any]]:
    """The groups of parameters that an optimizer gives one learning rate each.

    Args:
        parameters: what learns.
        layer_rates: `equal`, one rate for all; or `fan-in`, in which a kernel's rate is divided by the square root of
            its weights for each output. Biases and norms have the rate given.

    Returns:
        For the optimizer; the `factor` of a group is that of its rate. A group without one has the rate given.
    """
    if layer_rates == "equal":
        return [{"params": list(parameters)}]
    groups: dict[float, list[nn.Parameter]] = {}
    for parameter in parameters:
        fan_in = parameter[0].numel() if parameter.ndim > 1 else REFERENCE_FAN_IN
        groups.setdefault(sqrt(REFERENCE_FAN_IN / fan_in), []).append(parameter)
    return [{"params": members, "factor": factor} for factor, members in sorted(groups.items())]


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the learning rate of every group."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)


def rate_of(optimizer: Optimizer) -> float:
    """The learning rate that was set."""
    group = optimizer.param_groups[0]
    return group["lr"] / group.get("factor", 1.0)
