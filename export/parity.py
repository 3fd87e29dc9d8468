"""Whether an exported file computes what its network does: the comparison, and the record of it."""

from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..errors import MfpsError
from ..files.hashes import sha256_of
from ..images.metrics import PSNR_CAP_DB
from ..inference.exported_network import open_exported
from .face_graph import GraphSpec, enlarged_face512, shrunk_face512
from .faces import CheckedFaces
from .formats import FORMATS

LARGEST = 1e-4
"""Largest difference of a value in [0, 1] that a file in float32 may have."""

LEAST_PSNR_DB = {"float16": 45.0, "int8": 30.0}
"""PSNR that a file in a narrower number format must reach against the network's pictures."""

Restored = Callable[[CheckedFaces], list[Tensor]]
"""The pictures of faces that come out of a file or a network, each (N, 3, S, S) in [0, 1], not clamped."""


class Parity(NamedTuple):
    """How a file compares with its network."""

    file: str
    format: str
    runtime: str
    """The package that ran it, and its version."""
    faces: str
    """What it was compared on."""
    precision: str
    largest: float
    """Largest absolute difference of a value in [0, 1]."""
    mean: float
    """Mean absolute difference."""
    psnr: float
    """In dB, of the file's pictures against the network's, at most 100."""
    tolerance: str
    """What had to be reached."""
    sha256: str
    """Of the file."""
    bytes: int


def by_network(restorer: nn.Module, spec: GraphSpec) -> Restored:
    """The network itself, in float32; its pictures are those that a file is to return."""

    def run(faces: CheckedFaces) -> list[Tensor]:
        degraded = faces.degraded
        if spec.wrapped:
            degraded = shrunk_face512(faces.pictures(spec) * 2 - 1, spec.size)
        with torch.no_grad():
            outputs = restorer(degraded, faces.priors.maps, spec.passes)
        chosen = [outputs[number] for number in spec.outputs]
        return [enlarged_face512(picture) * 0.5 + 0.5 if spec.wrapped else picture for picture in chosen]

    return run


def by_file(file: Path, kind: str, spec: GraphSpec) -> Restored:
    """An exported file, opened as any program would.

    Args:
        file: the file.
        kind: its format.
        spec: what it computes.
    """
    if (load := FORMATS[kind].load) is not None:
        return by_network(load(file), spec)
    model = open_exported(file).model(device="cpu")
    return lambda faces: model(faces.pictures(spec), faces.priors.inputs)


def compare(file: Path, kind: str, precision: str, run: Restored, faces: CheckedFaces, expected: Restored) -> Parity:
    """Run a file on faces, all together and the first one alone, and compare it with the network.

    Args:
        file: the exported file.
        kind: its format.
        precision: of its weights.
        run: runs the file.
        faces: the faces.
        expected: runs the network.

    Raises:
        MfpsError: it differs by more than its number format explains.
    """
    found, wanted = run(faces), expected(faces)
    alone = run(faces.first())
    pairs = [*zip(found, wanted, strict=True), *zip(alone, [picture[:1] for picture in wanted], strict=True)]
    largest = max(float((a - b).abs().max()) for a, b in pairs)
    mean = sum(float((a - b).abs().double().mean()) for a, b in pairs) / len(pairs)
    reached = min(psnr_of(found, wanted), psnr_of(alone, [picture[:1] for picture in wanted]))
    least = LEAST_PSNR_DB.get(precision)
    tolerance = f"largest difference {LARGEST:g}" if least is None else f"PSNR {least:g} dB"
    if not (largest <= LARGEST if least is None else reached >= least):  # also where it is NaN
        raise MfpsError(
            f"{file.name}: differs from the network by up to {largest:.2g} ({reached:.1f} dB) on {faces.described}, "
            f"which is beyond the limit, {tolerance}; nothing is exported"
        )
    package = FORMATS[kind].runtime
    runtime = f"{package} {metadata.version(package)}"
    sha256, size = sha256_of(file), file.stat().st_size
    return Parity(file.name, kind, runtime, faces.described, precision, largest, mean, reached, tolerance, sha256, size)


def psnr_of(pictures: Sequence[Tensor], others: Sequence[Tensor]) -> float:
    """PSNR in dB of pictures in [0, 1], not rounded to 8 bits, over all of them together; at most 100."""
    errors = torch.cat([(a - b).double().square().flatten() for a, b in zip(pictures, others, strict=True)])
    decibels = float(-10 * errors.mean().log10())
    return min(decibels, PSNR_CAP_DB) if decibels == decibels else 0.0
