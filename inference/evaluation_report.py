"""An evaluation as numbers, with the convention that they follow."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..files.hashes import sha256_of_texts
from ..images.metrics import CONVENTION
from ..metrics.face_sets import FaceSets
from ..metrics.metric import Metric
from .network_facts import NetworkFacts

EVALUATION_SCHEMA = "mfps.evaluation/1"

MAX_REPORT_BYTES = 2**30
"""A report of a million faces."""

FIRST = ("psnr", "ssim")
"""The metrics of every report, which have a table of their own."""


@dataclass(frozen=True)
class EvaluatedFace:
    """One face under one degradation.

    Attributes:
        name: the name of the photograph.
        degradation: preset, stages or mix.
        inputs_sha256: the digest of what was judged: the degraded and the clean pixels (see `inputs_digest`).
        scores: the metrics of the input, then of each iteration, by key: `psnr` (dB), `ssim`, and others.
        images: uint8 (H, W, 3): input, each iteration, clean. Kept for the first faces only.
        features: float32 (S, F): those of the same pictures, where sets of faces are compared.
    """

    name: str
    degradation: str
    inputs_sha256: str
    scores: list[dict[str, float]]
    images: list[np.ndarray] | None
    features: np.ndarray | None = None


def faces_of_groups(
    evaluated: Sequence[EvaluatedFace], groups: Mapping[str, set[str]]
) -> Iterator[tuple[str, str, list[EvaluatedFace]]]:
    """Each degradation with each group, and its faces; all faces are one group, `all`, if there are no groups."""
    for degradation in dict.fromkeys(face.degradation for face in evaluated):
        faces = [face for face in evaluated if face.degradation == degradation]
        for group, members in (groups or {"all": None}).items():
            yield degradation, group, [face for face in faces if members is None or face.name in members]


def inputs_digest(degraded: np.ndarray, clean: np.ndarray) -> str:
    """The SHA-256 of a degraded face and the clean one, uint8 (H, W, 3), in hexadecimal."""
    digest = hashlib.sha256(repr(degraded.shape).encode())
    digest.update(np.ascontiguousarray(degraded).data)
    digest.update(np.ascontiguousarray(clean).data)
    return digest.hexdigest()


def evaluation_report(
    compiled: NetworkFacts,
    weights: Path,
    data: Path,
    convention: Mapping[str, Any],
    groups: Mapping[str, set[str]],
    evaluated: Sequence[EvaluatedFace],
    metrics: Sequence[Metric] = (),
    sets: FaceSets | None = None,
) -> dict[str, Any]:
    """Make the report: means over all faces, for each degradation and group, and the scores of each face.

    Args:
        compiled: the network.
        weights: its file or run folder.
        data: folder of the faces.
        convention: the conditions besides the metrics' own convention: size, seed, priors.
        groups: the names of each list; empty for all faces as one group.
        evaluated: every face under every degradation.
        metrics: what was measured; of those besides PSNR and SSIM the report says how they are shown.
        sets: the metrics of sets of faces, for which every face has its features.

    Returns:
        The report, as plain JSON data.
    """
    results = [
        {"degradation": degradation, "list": group, **_numbers(faces, sets)}
        for degradation, group, faces in faces_of_groups(evaluated, groups)
    ]
    # A distance of sets takes seconds: one that is known already is not computed again.
    overall = results[0] if len(results) == 1 else _numbers(evaluated, sets)
    faces = [
        {
            "name": face.name,
            "degradation": face.degradation,
            "lists": [group for group, members in groups.items() if face.name in members],
            "inputs_sha256": face.inputs_sha256,
            "input": face.scores[0],
            "iterations": face.scores[1:],
        }
        for face in evaluated
    ]
    shown = [*metrics, *(sets.metrics.values() if sets is not None else ())]
    more = [column._asdict() for metric in shown for column in metric.columns if column.key not in FIRST]
    return {
        "schema": EVALUATION_SCHEMA,
        "mfps": __version__,
        "name": compiled.genotype.name,
        "genotype": compiled.genotype.hash,
        "weights": weights.name,
        "data": data.name,
        "convention": {
            **CONVENTION,
            **convention,
            "means": "over images; the top-level ones over all degradations too",
        },
        "inputs_sha256": overall["inputs_sha256"],
        "input": overall["input"],
        "iterations": overall["iterations"],
        **({"columns": more} if more else {}),
        "results": results,
        "faces": faces,
        "provenance": compiled.provenance,
    }


def _numbers(faces: Sequence[EvaluatedFace], sets: FaceSets | None) -> dict[str, Any]:
    """The means over faces, and the distances of the set of them from that of the clean ones."""
    stages = list(zip(*(face.scores for face in faces), strict=True))
    means = [{key: float(np.mean([scores[key] for scores in stage])) for key in stage[0]} for stage in stages]
    if sets is not None:
        features = np.stack([face.features for face in faces if face.features is not None], axis=1)
        for scores, stage in zip(means, features[:-1], strict=True):
            scores |= sets.distances(stage, features[-1])
    judged = sorted((face.degradation, face.name, face.inputs_sha256) for face in faces)
    digest = sha256_of_texts(*chain.from_iterable(judged))
    return {"faces": len(faces), "inputs_sha256": digest, "input": means[0], "iterations": means[1:]}
