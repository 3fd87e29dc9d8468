"""A ranking as plain data, tables, CSV and a Markdown page."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import __version__
from ...errors import printable
from ...files.markdown import markdown_table, markdown_text
from ...genotypes.genotype import Genotype
from ...inference.estimate_text import estimate_text
from ...networks.cost import Cost
from .agreement import CONFIDENCE, LEAST_OF_THIRD, RESAMPLES, TOP, agreements, choices, spread_by_chance
from .stand_alone import StandAlone

RANKING_SCHEMA = "mfps.ranking/1"

SCORED_COLUMNS = ("genotype", "hash", "GFLOPs", "parameters", "supernet (dB)", "rank")
ALONE_COLUMNS = ("alone (dB)", "rank")
AGREEMENT_COLUMNS = ("genotypes", "count", "ordered by", "Kendall's tau", "Spearman")
CHOICE_COLUMNS = ("chosen by", "regret (dB)", *(f"among the best {k}" for k in TOP))
CSV_COLUMNS = ("genotype", "hash", "gflops", "parameters", "supernet_psnr", "supernet_rank")
CSV_ALONE_COLUMNS = ("psnr", "rank", "evaluation")


@dataclass(frozen=True)
class Scored:
    """A genotype on a supernet.

    Attributes:
        name: as it was given.
        genotype: the architecture.
        cost: of the whole network, at the search's size and iterations.
        psnr: of the supernet restricted to it, in dB.
    """

    name: str
    genotype: Genotype
    cost: Cost
    psnr: float


def ranking_report(supernet: Mapping[str, Any], scored: Sequence[Scored], alone: StandAlone | None) -> dict[str, Any]:
    """Make the report.

    Args:
        supernet: what identifies the supernet and the conditions of its scores.
        scored: every genotype.
        alone: what their networks reach when trained alone, in the same order; None if that is not compared.

    Returns:
        Plain JSON data; the genotypes are ordered by the supernet's score, best first.
    """
    ranks = _ranks([one.psnr for one in scored])
    rows: list[dict[str, Any]] = [
        {
            "genotype": printable(one.name),
            "hash": one.genotype.hash,
            "flops": one.cost.flops,
            "parameters": one.cost.parameters,
            "supernet_psnr": one.psnr,
            "supernet_rank": rank,
        }
        for one, rank in zip(scored, ranks, strict=True)
    ]
    report: dict[str, Any] = {"schema": RANKING_SCHEMA, "mfps": __version__, **supernet}
    if alone is not None:
        for row, psnr, rank, file in zip(rows, alone.psnr, _ranks(alone.psnr), alone.files, strict=True):
            row |= {"psnr": psnr, "rank": rank, "evaluation": printable(str(file))}
        report["against"] = _comparison(rows, alone)
    report["genotypes"] = sorted(rows, key=lambda row: row["supernet_rank"])
    return report


def _ranks(values: Sequence[float]) -> list[int]:
    """1 for the highest; equal values share the better rank."""
    return [1 + sum(other > value for other in values) for value in values]


def _comparison(rows: Sequence[Mapping[str, Any]], alone: StandAlone) -> dict[str, Any]:
    columns = {"supernet": "supernet_psnr", "FLOPs": "flops", "parameters": "parameters"}
    predictors = {name: np.array([row[key] for row in rows], float) for name, key in columns.items()}
    reached = np.array(alone.psnr)
    agreeing = [row._asdict() for row in agreements(predictors, reached, predictors["FLOPs"])]
    return {
        "convention": alone.convention,
        "interval": f"{CONFIDENCE:.0%} interval: bootstrap over genotypes, {RESAMPLES} resamples",
        "agreement": agreeing,
        "choice": [
            {**row._asdict(), "among_best": {str(k): share for k, share in row.among_best.items()}}
            for row in choices(predictors, reached)
        ],
        "notes": _notes(len(rows), agreeing, alone.unlike),
    }


def _notes(count: int, agreeing: Sequence[Mapping[str, Any]], unlike: Mapping[str, Sequence[str]]) -> list[str]:
    """What a reader must know to read the numbers."""
    chance = f"{min(1.96 * spread_by_chance(count), 1):.2f}"
    notes = [
        f"a score that says nothing about {count} networks has a tau between -{chance} and {chance} in 95% of cases"
    ]
    for row in agreeing:
        if row["group"] == "all" and row["lead"] is not None:
            lead = estimate_text(row["lead"], row["lead_interval"])
            notes.append(f"the supernet's tau is higher than that of {row['predictor']} by {lead}")
    if len({row["group"] for row in agreeing}) == 1:
        notes.append(f"thirds of cost are left out: a third of {count} genotypes is fewer than {LEAST_OF_THIRD}")
    if undefined := [f"{row['predictor']} ({row['group']})" for row in agreeing if row["tau"] is None]:
        notes.append(f"no order, as all values or all networks' PSNR are equal: {', '.join(undefined)}")
    left_out = {row["group"]: row["left_out"] for row in agreeing if row["tau"] is not None and row["left_out"]}
    if left_out:
        groups = ", ".join(f"{number} of {group}" for group, number in left_out.items())
        notes.append(f"resamples of equal values only are left out: {groups}")
    for key, values in unlike.items():
        notes.append(f"the networks were not trained alike: {key} is {', '.join(map(printable, values))}")
    return notes


def scored_columns(report: Mapping[str, Any]) -> tuple[str, ...]:
    """Titles of `scored_rows`."""
    return SCORED_COLUMNS + (ALONE_COLUMNS if "against" in report else ())


def scored_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The genotypes as rows of text, best first."""
    rows = []
    for row in report["genotypes"]:
        cells = (
            row["genotype"],
            row["hash"][:8],
            f"{row['flops'] / 1e9:.3f}",
            f"{row['parameters']:,}",
            f"{row['supernet_psnr']:.3f}",
            str(row["supernet_rank"]),
        )
        rows.append((*cells, f"{row['psnr']:.3f}", str(row["rank"])) if "psnr" in row else cells)
    return rows


def agreement_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The rank correlations as rows of text."""
    return [
        (
            row["group"],
            str(row["size"]),
            row["predictor"],
            estimate_text(row["tau"], row["tau_interval"]),
            estimate_text(row["spearman"], row["spearman_interval"]),
        )
        for row in report["against"]["agreement"]
    ]


def choice_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What each predictor would choose, as rows of text."""
    return [
        (
            row["predictor"],
            f"{row['regret']:.3f}",
            *(f"{among[str(k)]:.0%}" if str(k) in among else "" for k in TOP),
        )
        for row in report["against"]["choice"]
        for among in [row["among_best"]]
    ]


def facts(report: Mapping[str, Any]) -> list[str]:
    """What the numbers rest on, one line each."""
    lines = [f"supernet: {report['supernet']}, strategy {report['strategy']}, {report['size']} px"]
    if against := report.get("against"):
        judged = against["convention"]
        lines += [
            f"alone: the last iteration's mean PSNR of {judged['faces']} faces at {judged['size']} px under "
            f"{', '.join(judged['degradations'])} (seed {judged['degradation_seed']})",
            f"in brackets: {against['interval']}",
            *against["notes"],
        ]
    return lines


def ranking_markdown(report: Mapping[str, Any]) -> str:
    """The report as a Markdown page."""
    lines = [f"# Ranking on {markdown_text(report['supernet'])}", ""]
    lines += [*markdown_table(scored_columns(report), scored_rows(report)), ""]
    if "against" in report:
        lines += [*markdown_table(AGREEMENT_COLUMNS, agreement_rows(report)), ""]
        lines += [*markdown_table(CHOICE_COLUMNS, choice_rows(report)), ""]
    return "\n".join([*lines, *(f"- {markdown_text(line)}" for line in facts(report)), ""])


def ranking_csv(report: Mapping[str, Any]) -> str:
    """The genotypes as CSV, best first, with all digits."""
    columns = CSV_COLUMNS + (CSV_ALONE_COLUMNS if "against" in report else ())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [{**row, "gflops": row["flops"] / 1e9}[column] for column in columns] for row in report["genotypes"]
    )
    return text.getvalue()
