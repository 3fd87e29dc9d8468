"""One update of some parameters: losses and gradients are checked, averaged over the processes, clipped and applied.

Whether all numbers are finite must be known before the update is made. To ask a GPU for a number is to wait for all
that was begun before it, so everything is asked for at once: the losses of all pieces, and the norm of the gradient.
(Letting the GPU decide by itself, as a fused optimizer can, would not do: SGD leaves a momentum undefined if its first
update is skipped in that way.)
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import NamedTuple, Protocol, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from ..errors import NotFiniteError
from .processes import average_gradients, largest_over_processes


class NamedPhotographs(Protocol):
    """A batch, or a piece of one; only the names of its photographs are needed here."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the photographs, for messages."""
        ...


Piece = TypeVar("Piece", bound=NamedPhotographs)


class PieceLosses(NamedTuple):
    """The losses of a piece of a batch."""

    names: tuple[str, ...]
    """Its photographs, for messages."""
    terms: Mapping[str, Tensor]
    """Scalars () by name, without a graph."""


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
        optimizer: of these parameters. Afterwards they have no gradients, which would take memory until the next one.
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
    found = backward(pieces, losses)
    means = apply_update(fabric, optimizer, parameters, step, found, clip_norm)
    optimizer.zero_grad()
    return means


def backward(pieces: Sequence[Piece], losses: Callable[[Piece], Mapping[str, Tensor]]) -> list[PieceLosses]:
    """Add the gradients of a batch to the parameters, piece by piece; a loss without trained parameters adds none.

    Args:
        pieces: of the batch, equally large.
        losses: returns the loss terms of a piece, scalars () by name.

    Returns:
        The terms of each piece, on the device, whether finite or not.
    """
    found: list[PieceLosses] = []
    for piece in pieces:
        terms = losses(piece)
        loss = reduce(add, terms.values()) / len(pieces)
        if loss.requires_grad:  # a strategy's mixture may leave the architecture out
            loss.backward()
        found.append(PieceLosses(piece.names, {name: value.detach() for name, value in terms.items()}))
    return found


def apply_update(
    fabric: Fabric,
    optimizer: Optimizer,
    parameters: Mapping[str, nn.Parameter],
    step: int,
    losses: Sequence[PieceLosses],
    clip_norm: float | None = None,
) -> dict[str, float]:
    """Update parameters with their gradients, if these and all losses are finite.

    Args:
        fabric: the devices.
        optimizer: of these parameters.
        parameters: by name.
        step: number of the step, from 0 on, for messages.
        losses: of each piece of the batch.
        clip_norm: larger gradients, all parameters' together, are scaled down to this norm.

    Returns:
        The mean of each term over the pieces.

    Raises:
        NotFiniteError: a term or a gradient is not finite, in any process; nothing is updated.
    """
    average_gradients(fabric, parameters.values())
    gradients = {name: parameter.grad for name, parameter in parameters.items() if parameter.grad is not None}
    norm = torch.nn.utils.get_total_norm(gradients.values())
    terms, length, others = _fetched(fabric, losses, norm)
    for piece, values in zip(losses, terms, strict=True):
        if trouble := not_finite(values, step, piece.names):
            raise trouble
    if others:
        raise NotFiniteError("a loss of another process is not finite, so this update is not made")
    if not math.isfinite(length):
        culprit = next((name for name, gradient in gradients.items() if not gradient.isfinite().all()), "the network")
        names = tuple(name for piece in losses for name in piece.names)
        raise NotFiniteError.at(f"the gradient of {culprit} is not finite", step, names)
    if clip_norm is not None:
        torch.nn.utils.clip_grads_with_norm_(parameters.values(), clip_norm, norm)
    optimizer.step()
    means: dict[str, float] = {}
    for values in terms:
        for name, value in values.items():
            means[name] = means.get(name, 0.0) + value / len(terms)
    return means


def _fetched(fabric: Fabric, losses: Sequence[PieceLosses], norm: Tensor) -> tuple[list[dict[str, float]], float, bool]:
    """Ask the device, once, for each piece's terms, the norm, and whether any process has a term that is not finite."""
    terms = [value for piece in losses for value in piece.terms.values()]
    numbers = torch.stack([value.detach().to(fabric.device, torch.float64) for value in (*terms, norm)])
    bad = largest_over_processes(fabric, (~numbers[:-1].isfinite()).sum())
    *values, length, any_bad = torch.cat([numbers, bad.to(numbers)[None]]).tolist()
    following = iter(values)
    return [{name: next(following) for name in piece.terms} for piece in losses], length, any_bad > 0


def not_finite(terms: Mapping[str, float], step: int, names: Sequence[str]) -> NotFiniteError | None:
    """Check loss terms; the error names the first that is not finite, the step and the batch's photographs.

    Args:
        terms: by name.
        step: number of the step, from 0 on.
        names: photographs of the batch.

    Returns:
        The error to raise, or None if all are finite.
    """
    for name, value in terms.items():
        if not math.isfinite(value):
            return NotFiniteError.at(f"the {name} loss is {value}", step, names)
    return None
