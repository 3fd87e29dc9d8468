"""An evaluation as numbers, tables and pictures, with the convention that the numbers follow."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..files.hashes import sha256_of_texts
from ..files.markdown import markdown_table, markdown_text
from ..images.comparison import comparison_sheet
from ..images.image import write_image
from ..images.metrics import CONVENTION
from ..metrics.face_sets import FaceSets
from ..metrics.metric import Metric
from .estimate_text import estimate_text
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


def _stages(report: Mapping[str, Any], result: Mapping[str, Any]) -> list[tuple[str, dict[str, float]]]:
    """The labels of the stages of a result, and their numbers."""
    oracle = bool(report["convention"].get("oracle_priors"))
    numbers = iteration_numbers(report["convention"], len(result["iterations"]))
    after = [(stage_name(i, oracle), scores) for i, scores in zip(numbers, result["iterations"], strict=True)]
    return [("input", result["input"]), *after]


def more_columns(report: Mapping[str, Any]) -> tuple[str, ...]:
    """Titles of `more_rows`; empty if a report has PSNR and SSIM alone."""
    columns = report.get("columns", ())
    arrows = {"higher": "\u2191", "lower": "\u2193"}
    titles = [f"{column['title']} {arrows[column['better']]}" for column in columns]
    return ("degradation", "list", "", *titles) if titles else ()


def more_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The means of the metrics besides PSNR and SSIM as rows of text: degradation, list, stage, numbers."""
    return [
        (
            result["degradation"],
            result["list"],
            stage,
            *(f"{scores[column['key']]:.{column['digits']}f}" for column in report.get("columns", ())),
        )
        for result in report["results"]
        for stage, scores in _stages(report, result)
    ]


def table_rows(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """The report as rows of text: degradation, list, faces, stage, PSNR, SSIM, and the gain over the input."""
    rows: list[tuple[str, ...]] = []
    for result in report["results"]:
        before = result["input"]
        for stage, scores in _stages(report, result):
            gain = (
                ""
                if scores is before
                else f"{scores['psnr'] - before['psnr']:+.2f}, {scores['ssim'] - before['ssim']:+.3f}"
            )
            texts = (f"{scores['psnr']:.2f}", f"{scores['ssim']:.4f}", gain)
            rows.append((result["degradation"], result["list"], str(result["faces"]), stage, *texts))
    return rows


def iteration_numbers(convention: Mapping[str, Any], count: int) -> Sequence[int]:
    """The numbers of the iterations that a report is about: from 0 on, unless its network gives only some of them.

    Args:
        convention: the report's.
        count: how many they are.
    """
    return convention.get("iterations") or range(count)


def stage_name(iteration: int, oracle: bool) -> str:
    """The label of an iteration's numbers, which says if they depend on oracle priors. The first iteration uses none.

    Args:
        iteration: from 0 on.
        oracle: whether the network was given oracle priors, those of the clean faces.
    """
    return f"iteration {iteration}" + (" (oracle priors)" if oracle and iteration > 0 else "")


AGAINST_COLUMNS = ("degradation", "list", "PSNR (dB)", "higher", "SSIM", "higher")
"""Titles of `against_rows`."""


def against_rows(comparison: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A comparison with an earlier evaluation (see `EarlierEvaluation.compare`) as rows of text."""
    rows = []
    for result in comparison["results"]:
        cells = [result["degradation"], result["list"]]
        for metric, digits in (("psnr", 2), ("ssim", 3)):
            paired = result[metric]
            cells.append(estimate_text(paired["difference"], paired["interval"], digits, "+"))
            cells.append(f"{paired['better']}/{result['faces']}")
        rows.append(tuple(cells))
    return rows


def against_title(comparison: Mapping[str, Any]) -> str:
    """What a comparison compares, as a line of text."""
    return (
        f"the last iteration's gain over that of {comparison['name']} ({comparison['weights']}), face by face "
        f"[{comparison['interval']}]"
    )


TABLE_COLUMNS = ("degradation", "list", "faces", "", "PSNR (dB)", "SSIM", "gain of both")
"""Titles of `table_rows`."""


def table_markdown(report: dict[str, Any]) -> str:
    """The report as a Markdown page: the table, and the convention below it."""
    lines = [f"# Evaluation of {markdown_text(report['name'])}", ""]
    lines += [*markdown_table(TABLE_COLUMNS, table_rows(report)), ""]
    if columns := more_columns(report):
        lines += [*markdown_table(columns, more_rows(report)), ""]
    if against := report.get("against"):
        lines += [
            markdown_text(against_title(against)),
            "",
            *markdown_table(AGAINST_COLUMNS, against_rows(against)),
            "",
        ]
    facts = {"inputs": f"SHA-256 {report['inputs_sha256']}", **report["convention"]}
    return "\n".join([*lines, *(f"- {markdown_text(f'{key}: {_plain(value)}')}" for key, value in facts.items()), ""])


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {_plain(below)}" for key, below in value.items())
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)


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


def write_comparison(faces: Sequence[EvaluatedFace], file: Path, convention: Mapping[str, Any]) -> None:
    """Write one picture of the faces that kept their images: input, outputs and clean, with their scores.

    Args:
        faces: the faces.
        file: where to write it.
        convention: the report's, which says whether the outputs depend on oracle priors.
    """
    rows, captions, labels = [], [], []
    for face in faces:
        if face.images is not None:
            rows.append([face.images[0], *face.images[1:-1], face.images[-1]])
            labels.append(f"{face.name}, {face.degradation}")
            captions.append([*(f"{scores['psnr']:.2f} dB  {scores['ssim']:.3f}" for scores in face.scores), ""])
    numbers = iteration_numbers(convention, len(rows[0]) - 2)
    oracle = bool(convention.get("oracle_priors"))
    outputs = ["output"] if len(numbers) == 1 else [stage_name(i, oracle) for i in numbers]
    sheet = comparison_sheet(rows, ["input", *outputs, "clean"], captions, labels)
    write_image(file, np.asarray(sheet))
