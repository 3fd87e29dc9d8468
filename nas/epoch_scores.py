"""A supernet's scores after an epoch: its genotype's by three kinds of statistics, and what each branch is worth."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..data.batch import FaceBatch
from ..engine.run import Run
from ..networks.path import Active
from ..training.norm_statistics import batch_norms_of_the_batch, estimated_norms
from ..training.session import Session
from .search_network import SearchNetwork

Forward = Callable[[Active, FaceBatch], list[Tensor]]
"""Runs what is active of the network on a batch on the device."""


def epoch_scores(
    session: Session,
    run: Run,
    searched: SearchNetwork,
    forward: Forward,
    restricted: Active,
    training_faces: Iterable[FaceBatch],
    mixed: bool,
) -> dict[str, Any]:
    """Validate a supernet that is restricted to a genotype, and with `mixed` as it is mixed, too.

    Args:
        session: runs validations.
        run: may be stopped between two batches.
        searched: the network.
        forward: runs it.
        restricted: what runs of the genotype.
        training_faces: what its batch norms are estimated from.
        mixed: whether the mixture itself means anything, as it does if it is what was trained.

    Returns:
        `psnr` in dB: `input`; each iteration's output by `stored` (the supernet's own statistics), `reestimated` and
        `batch` statistics; and `mixed`. `gap` in dB, of the last iteration: `mixed` less each of the three, or `batch`
        less the other two. `worth`: of each searched branch, `reestimated` less the same without its features.
    """
    network = searched.restorer
    run_restricted = partial(forward, restricted)
    stored = session.validate(run, network, run_restricted)
    psnr: dict[str, Any] = {"input": stored.input, "stored": stored.iterations}
    worth: dict[str, float] = {}
    if mixed:
        psnr["mixed"] = session.validate(run, network, partial(forward, Active({}))).iterations
    with estimated_norms(network, _on_device(session, run_restricted), training_faces):
        psnr["reestimated"] = session.validate(run, network, run_restricted).iterations
        for name, path in searched.supernets.items():
            with without_features(path):
                without = session.validate(run, network, run_restricted).iterations[-1]
            worth[name] = psnr["reestimated"][-1] - without
    with batch_norms_of_the_batch(network):
        psnr["batch"] = session.validate(run, network, run_restricted).iterations
    trained = psnr["mixed" if mixed else "batch"][-1]
    compared = ("stored", "reestimated", "batch") if mixed else ("stored", "reestimated")
    return {"psnr": psnr, "gap": {name: trained - psnr[name][-1] for name in compared}, "worth": worth}


def _on_device(session: Session, forward: Callable[[FaceBatch], list[Tensor]]) -> Callable[[FaceBatch], list[Tensor]]:
    return lambda batch: session.restore(forward, session.on_device(batch))


@contextmanager
def without_features(path: nn.Module) -> Iterator[None]:
    """Inside the block a branch's path returns zeros."""

    def zeros(_path: nn.Module, _inputs: tuple[Any, ...], features: Any) -> Tensor:
        return torch.zeros_like(features)

    handle = path.register_forward_hook(zeros)
    try:
        yield
    finally:
        handle.remove()
