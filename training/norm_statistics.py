"""Batch-norm statistics of a part of a supernet: estimated anew for it, or those of the batch itself.

A supernet's running statistics are those of everything that was trained in it, mixed. A network that is cut out of it,
or to which it is restricted, has others. They are estimated by a few forward passes, without momentum: the plain
average over the batches. Source: single path one-shot (Guo et al., 2020) and all later one-shot searches.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ..data.batch import FaceBatch
from ..data.dataset import FaceFolder
from ..data.kept_batches import KeptBatches
from ..data.sampling import SPARES, FaceAddress, random_order
from ..networks.synchronised_norm import unsynchronised_norms

FACES_A_BATCH = 8
"""Faces in each batch that statistics are estimated from."""


def norm_batches(faces: FaceFolder, count: int, seed: int) -> KeptBatches:
    """The batches that statistics are estimated from: always the same faces with the same degradations.

    Args:
        faces: the training faces; others stand in for those that cannot be read.
        count: how many batches of `FACES_A_BATCH`; fewer if there are too few faces.
        seed: chooses the faces.
    """
    place = {name: index for index, name in enumerate(faces.names)}
    order = [place[name] for name in random_order(faces.names, seed) if name not in faces.bad]
    following = order + order[:SPARES]
    addresses = [
        FaceAddress(0, index, tuple(following[i + 1 : i + 1 + SPARES]))
        for i, index in enumerate(order[: count * FACES_A_BATCH])
    ]
    return KeptBatches(faces, addresses, FACES_A_BATCH)


@torch.no_grad()
def estimate_norms(network: nn.Module, forward: Callable[[FaceBatch], Any], batches: Iterable[FaceBatch]) -> None:
    """Replace the running statistics of every batch norm that runs by their averages over some batches.

    Args:
        network: changed in place; it is in eval mode afterwards.
        forward: runs the network, or a part of it, on a batch. Norms that do not run keep mean 0 and variance 1.
        batches: the faces, the same in every process.
    """
    norms = _norms(network)
    momentum = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    try:
        with unsynchronised_norms(network):
            for batch in batches:
                forward(batch)
    finally:
        for norm, before in zip(norms, momentum, strict=True):
            norm.momentum = before
        network.eval()


@contextmanager
def estimated_norms(
    network: nn.Module, forward: Callable[[FaceBatch], Any], batches: Iterable[FaceBatch]
) -> Iterator[None]:
    """Estimate the statistics for the block; after it the network has its own again, to the bit.

    Args:
        network: as in `estimate_norms`; it is in eval mode inside the block.
        forward: as in `estimate_norms`.
        batches: the faces.
    """
    own = [(buffer, buffer.clone()) for norm in _norms(network) for buffer in norm.buffers()]
    try:
        estimate_norms(network, forward, batches)
        yield
    finally:
        with torch.no_grad():
            for buffer, value in own:
                buffer.copy_(value)


@contextmanager
def batch_norms_of_the_batch(network: nn.Module) -> Iterator[None]:
    """Inside the block, in eval mode, every batch norm normalises by the batch itself; no statistics change."""
    norms = _norms(network)
    own = [(norm.running_mean, norm.running_var) for norm in norms]
    for norm in norms:
        norm.running_mean = norm.running_var = None
    try:
        yield
    finally:
        for norm, (mean, variance) in zip(norms, own, strict=True):
            norm.running_mean, norm.running_var = mean, variance


def _norms(network: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    return [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
