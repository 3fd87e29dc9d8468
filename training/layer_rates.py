"""Learning rates of single layers.

Adam changes every weight by about the learning rate in a step, whatever the size of its gradient. The more weights feed
an output of a layer, the smaller they are at the start. So with one rate for all, a step changes a kernel of 7x7 over
64 channels ten times as much, of what it is, as one of 1x1 over 32: a large network needs a lower rate than a small
one, and networks of different sizes cannot be compared at any.

Source: the rate by fan-in of Yang et al., 2021 (Tensor Programs V), which is its inverse. With the square
root of that, a step changes all kernels by one share of what they are at the start.

The layers of the priors, which only later iterations run, begin with a picture that is restored already. To add nothing
to it is easily learned, at a high rate within some hundred steps; afterwards hardly a gradient reaches them. At a lower
rate than that of all other layers they keep their signal until they have learned to use it.
"""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from torch import nn
from torch.optim import Optimizer

from ..networks.restorer import is_of_priors

REFERENCE_FAN_IN = 288
"""Weights that feed an output of a 3x3 kernel over 32 channels, whose rate is the one given."""


def parameter_groups(
    parameters: Mapping[str, nn.Parameter], layer_rates: str, prior_rate: float = 1.0
) -> list[dict[str, Any]]:
    """The groups of parameters that an optimizer gives one learning rate each.

    Args:
        parameters: what learns, by its name in the network.
        layer_rates: `equal`, one rate for all; or `fan-in`, in which a kernel's rate is divided by the square root of
            its weights for each output. Biases and norms have the rate given.
        prior_rate: what the rates of the priors' layers are multiplied by besides.

    Returns:
        For the optimizer; the `factor` of a group is that of its rate. A group without one has the rate given.
    """
    if layer_rates == "equal" and prior_rate == 1:
        return [{"params": list(parameters.values())}]
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in parameters.items():
        by_fan_in = layer_rates == "fan-in" and parameter.ndim > 1
        factor = sqrt(REFERENCE_FAN_IN / (parameter[0].numel() if by_fan_in else REFERENCE_FAN_IN))
        groups.setdefault(factor * (prior_rate if is_of_priors(name) else 1), []).append(parameter)
    return [{"params": members, "factor": factor} for factor, members in sorted(groups.items())]


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the learning rate of every group."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)


def rate_of(optimizer: Optimizer) -> float:
    """The learning rate that was set."""
    group = optimizer.param_groups[0]
    return group["lr"] / group.get("factor", 1.0)
