"""Mean PSNR of a network over a few faces, for a run's history."""

from collections.abc import Callable, Iterable, Sequence
from math import isnan, nan
from typing import NamedTuple

import torch
from jaxtyping import Float64
from torch import Tensor

from ..data.batch import FaceBatch
from ..errors import NotFiniteError
from ..images.metrics import psnr
from ..images.tensors import to_uint8


class ValidationPSNR(NamedTuple):
    """Means over the faces, in dB.

    Attributes:
        input: of the degraded faces.
        iterations: of each iteration's output.
    """

    input: float
    iterations: list[float]


def validation_psnr(
    restore: Callable[[FaceBatch], Sequence[Tensor]],
    batches: Iterable[FaceBatch],
    gather: Callable[[Float64[Tensor, "N K"]], Float64[Tensor, "M K"]] = lambda own: own,
) -> ValidationPSNR:
    """Measure the mean PSNR of a network over some faces.

    Args:
        restore: returns each iteration's output (B, 3, H, W) for a batch.
        batches: the faces.
        gather: where several processes validate a part of the faces each, collects the rows of all of them.

    Returns:
        The means over all faces, in dB.

    Raises:
        NotFiniteError: an output is not finite.
    """
    rows: list[list[float]] = []
    for batch in batches:
        clean = to_uint8(batch.clean.numpy())
        columns = [[psnr(*pair) for pair in zip(to_uint8(batch.degraded.numpy()), clean, strict=True)]]
        for output in restore(batch):
            finite = output.isfinite().flatten(1).all(1).tolist()
            restored = to_uint8(output.detach().float().nan_to_num().cpu().numpy())
            found = [psnr(*pair) for pair in zip(restored, clean, strict=True)]
            columns.append([value if is_finite else nan for value, is_finite in zip(found, finite, strict=True)])
        rows += map(list, zip(*columns, strict=True))
    means = [sum(column) / len(column) for column in gather(torch.tensor(rows, dtype=torch.float64)).T.tolist()]
    if any(map(isnan, means)):
        raise NotFiniteError(
            f"iteration {[isnan(mean) for mean in means[1:]].index(True)}'s output is not finite for the validation "
            "faces: the training diverged; lower the learning rate, or set `precision` to float32"
        )
    return ValidationPSNR(means[0], means[1:])
