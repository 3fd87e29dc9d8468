"""Mean PSNR of a network over a few faces, for the journal of a run."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from torch import Tensor

from ..errors import MfpsError
from .batch import FaceBatch
from .metrics import psnr, to_uint8


class ValidationPSNR(NamedTuple):
    """Means over the faces, in dB.

    Attributes:
        input: of the degraded faces.
        iterations: of each iteration's output.
    """

    input: float
    iterations: list[float]


def validation_psnr(restore: Callable[[FaceBatch], Sequence[Tensor]], batches: Iterable[FaceBatch]) -> ValidationPSNR:
    """Judge a network.

    Args:
        restore: gives each iteration's output (B, 3, H, W) for a batch.
        batches: the faces.

    Raises:
        MfpsError: an output is not finite.
    """
    inputs: list[float] = []
    by_iteration: list[list[float]] = []
    for batch in batches:
        clean = to_uint8(batch.clean.numpy())
        inputs += [psnr(*pair) for pair in zip(to_uint8(batch.degraded.numpy()), clean, strict=True)]
        for i, output in enumerate(restore(batch)):
            if not output.isfinite().all():
                raise MfpsError(
                    f"iteration {i}'s output is not finite for the validation faces {', '.join(batch.names[:3])}: the "
                    "training diverged and the run stops; lower the learning rate, or use --precision float32"
                )
            if i == len(by_iteration):
                by_iteration.append([])
            restored = to_uint8(output.detach().float().cpu().numpy())
            by_iteration[i] += [psnr(*pair) for pair in zip(restored, clean, strict=True)]
    return ValidationPSNR(_mean(inputs), [_mean(values) for values in by_iteration])


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
