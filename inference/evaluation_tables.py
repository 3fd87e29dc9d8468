"""An evaluation as tables and a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..files.markdown import markdown_table, markdown_text
from ..images.comparison import comparison_sheet
from ..images.image import write_image
from .estimate_text import estimate_text
from .evaluation_report import EvaluatedFace


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
