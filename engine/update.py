"""One update of some parameters: losses and gradients are checked, averaged over the processes, clipped and applied."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Protocol, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from ..errors import NotFiniteError
from .processes import average_gradients, largest


class NamedPhotographs(Protocol):
    """A batch, or a piece of one; only the names of its photographs are needed here."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the photographs, for messages."""
        ...


Piece = TypeVar("Piece", bound=NamedPhotographs)


def checked_update(
    fabric: Fabric,
    optimizer: Optimizer,
    parameters: Mapping[str, nn.Parameter],
    pieces: Sequence[Piece],
    losses: Callable[[Piece], Mapping[str, Tensor]],
    step: int,
    clip_norm: float | None = None,
) -> dict[str, float]:
    """Make one update from a step's batch; see `backward` and `apply_update`.

    Args:
        fabric: the devices.
        optimizer: of these parameters.
        parameters: by name.
        pieces: of the batch, equally large.
        losses: returns the loss terms of a piece, scalars () by name.
        step: number of the step, from 0, for messages.
        clip_norm: largest norm of the gradient.

    Returns:
        The mean of each term.

    Raises:
        NotFiniteError: a term or a gradient is not finite, in any process; nothing is updated.
    """
    optimizer.zero_grad()
    means = backward(fabric, pieces, losses, step)
    apply_update(
        fabric, optimizer, parameters, step, tuple(name for piece in pieces for name in piece.names), clip_norm
    )
    return means


def backward(
    fabric: Fabric, pieces: Sequence[Piece], losses: Callable[[Piece], Mapping[str, Tensor]], step: int
) -> dict[str, float]:
    """Add the gradients of a batch to the parameters, piece by piece; a loss without trained parameters adds none.

    Args:
        fabric: the devices.
        pieces: of the batch, equally large.
        losses: returns the loss terms of a piece, scalars () by name.
        step: number of the step, from 0, for messages.

    Returns:
        The mean of each term.

    Raises:
        NotFiniteError: a term is not finite, in any process.
    """
    means: dict[str, float] = {}
    for piece in pieces:
        terms = losses(piece)
        raise_together(fabric, not_finite(terms, step, piece.names))
        loss = reduce(add, terms.values()) / len(pieces)
        if loss.requires_grad:  # a strategy's mixture may leave the architecture out
            loss.backward()
        for name, value in terms.items():
            means[name] = means.get(name, 0.0) + float(value.detach()) / len(pieces)
    return means


def apply_update(
    fabric: Fabric,
    optimizer: Optimizer,
    parameters: Mapping[str, nn.Parameter],
    step: int,
    names: tuple[str, ...],
    clip_norm: float | None = None,
) -> None:
    """Update parameters with their gradients.

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
    """Raise an error in all processes if any of them has one, so that they keep making the same steps.

    Args:
        fabric: the devices.
        trouble: the error of this process, if any.

    Raises:
        NotFiniteError: any process has one.
    """
    (any_has,) = largest(fabric, int(trouble is not None))
    if trouble is not None:
        raise trouble
    if any_has:
        raise NotFiniteError("a loss of another process is not finite, so this update is not made")


def not_finite(terms: Mapping[str, Tensor], step: int, names: Sequence[str]) -> NotFiniteError | None:
    """Check loss terms; the error names the first that is not finite, the step and the batch's photographs.

    Args:
        terms: scalars () by name.
        step: number of the step, from 0 on.
        names: photographs of the batch.

    Returns:
        The error to raise, or None if all are finite.
    """
    for name, value in terms.items():
        if not value.isfinite():
            return NotFiniteError.at(f"the {name} loss is {value.item()}", step, names)
    return None
