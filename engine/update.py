"""One update of some parameters: their gradients are averaged over the processes, checked, clipped and applied."""

from collections.abc import Mapping

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim import Optimizer

from ..errors import NotFiniteError
from .processes import average_gradients, largest


def apply_update(
    fabric: Fabric,
    optimizer: Optimizer,
    parameters: Mapping[str, nn.Parameter],
    step: int,
    names: tuple[str, ...],
    clip_norm: float | None = None,
) -> None:
    """Update parameters by the gradients that they hold.

    Args:
        fabric: the devices.
        optimizer: of these parameters.
        parameters: by name.
        step: number of the step, from 0 on, for messages.
        names: photographs of the batch, for messages.
        clip_norm: larger gradients, all parameters' together, are scaled down to this norm.

    Raises:
        NotFiniteError: a gradient is not finite, in any process; nothing is updated.
    """
    average_gradients(fabric, parameters.values())
    gradients = {name: parameter.grad for name, parameter in parameters.items() if parameter.grad is not None}
    norm = torch.nn.utils.get_total_norm(gradients.values())
    if not norm.isfinite():
        culprit = next((name for name, gradient in gradients.items() if not gradient.isfinite().all()), "the network")
        raise NotFiniteError.at(f"the gradient of {culprit} is not finite", step, names)
    if clip_norm is not None:
        torch.nn.utils.clip_grads_with_norm_(parameters.values(), clip_norm, norm)
    optimizer.step()


def raise_together(fabric: Fabric, trouble: NotFiniteError | None) -> None:
    """Raise an error in all processes if any of them has one, so that they go on doing the same.

    Args:
        fabric: the devices.
        trouble: this process's error, if it has one.

    Raises:
        NotFiniteError: always when any process has one.
    """
    (any_has,) = largest(fabric, int(trouble is not None))
    if trouble is not None:
        raise trouble
    if any_has:
        raise NotFiniteError("a loss of another process is not finite, and this update is not made")
