"""A study's report as sections, in the order in which they are read; pages are made of them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..errors import counted
from .comparison_sections import (
    compared_section,
    differences_section,
    hypervolume_section,
    percentiles_section,
    supernets_section,
)
from .section import Section, Table, with_interval
from .verdicts import INCOMPLETE

NETWORK_COLUMNS = (
    "network", "architecture", "seeds", "PSNR (dB)", "SSIM", "GFLOPs", "parameters", "ms",
)  # fmt: skip

OF_SEARCHES = (differences_section, percentiles_section, hypervolume_section, supernets_section)
"""Sections of a study that searches."""

ITERATION_COLUMNS = ("network", "iteration", "PSNR (dB)", "SSIM")


def sections_of(report: Mapping[str, Any]) -> list[Section]:
    """All sections. Where there are no numbers, the section says which are missing.

    Args:
        report: see `study_report`.
    """
    compared = compared_section(report)
    return [
        _status(report),
        _seed_noise(report),
        _networks(report),
        *([] if compared is None else [compared]),
        *([Section("Learning curves", [], [], "learning_curves")] if report["learning_curves"] else []),
        *([section(report) for section in OF_SEARCHES] if report["searches"] else []),
        _verdicts(report),
        _spent(report),
        Section("What it rests on", [report["method"]["intervals"], *_facts(report["facts"])]),
    ]


def summary(report: Mapping[str, Any]) -> str:
    """How far the study is, in one line."""
    status, arms = report["status"], {row["arm"] for row in report["networks"]}
    parts = [f"{counted(status['done'], 'training')} of {counted(len(report['networks']), 'network')}"]
    parts[0] += f" in {counted(len(arms), 'arm')}, judged on {counted(len(report['faces']), 'face')}"
    parts.append(f"{len(status['failed'])} failed" if status["failed"] else "none failed")
    parts.append(f"{len(status['unfinished'])} unfinished" if status["unfinished"] else "none unfinished")
    return "; ".join(parts)


def _status(report: Mapping[str, Any]) -> Section:
    status = report["status"]
    notes = [summary(report), *status["problems"]]
    if status["unfinished"]:
        jobs = Counter(name.removeprefix("networks/").split("/")[0] for name in status["unfinished"])
        notes.append(f"unfinished: {', '.join(f'{number} of {of}' for of, number in jobs.items())}")
    rows = [(row["job"], row["arm"], str(row["seed"]), row["error"]) for row in status["failed"]]
    return Section("Status", notes, [Table(("failed job", "arm", "seed", "error"), rows)] if rows else [])


def _seed_noise(report: Mapping[str, Any]) -> Section:
    if not report["seed_noise"]:
        return Section("Seed noise", ["missing: no network is finished"])
    psnr, ssim = report["seed_noise"]["psnr"], report["seed_noise"]["ssim"]
    if psnr["deviation"] is None:
        notes = [f"missing: no architecture is trained with two seeds, so nothing can be decided; {INCOMPLETE}"]
    else:
        notes = [
            f"pooled standard deviation of a training's mean PSNR: {with_interval(psnr, 'deviation', 4)} dB, of its "
            f"SSIM: {with_interval(ssim, 'deviation', 5)}, with {counted(psnr['freedom'], 'degree')} of freedom",
            f"two networks trained once must differ by {psnr['detectable']:.3f} dB for the difference to be more than "
            "seeds do in 95% of pairs",
        ]
    stakes = report["stakes"]
    if stakes is not None or report["searches"]:
        text = "missing" if stakes is None else f"{with_interval(stakes, 'value', 3, '+')} dB"
        notes.append(f"stakes, the dearest network less the cheapest: {text}")
    pairs = zip(psnr["spreads"], ssim["spreads"], strict=True)
    rows = [
        (
            one["name"],
            ", ".join(map(str, one["seeds"])),
            ", ".join(f"{mean:.3f}" for mean in one["means"]),
            f"{one['deviation']:.4f}",
            f"{other['deviation']:.5f}",
        )
        for one, other in pairs
    ]
    columns = ("architecture of", "seeds", "mean PSNR (dB)", "deviation (dB)", "deviation of SSIM")
    return Section("Seed noise", notes, [Table(columns, rows)] if rows else [])


def _networks(report: Mapping[str, Any]) -> Section:
    rows = [
        (
            row["name"],
            row["architecture"] if row["kind"] == "hand-made" else row["architecture"][:8],
            ", ".join(map(str, row["seeds"])),
            with_interval(row["psnr"], "value", 3),
            with_interval(row["ssim"], "value", 4),
            f"{row['flops'] / 1e9:.4f}",
            f"{row['parameters']:,}",
            "" if row["ms"] is None else f"{row['ms']:.2f}",
        )
        for row in report["networks"]
    ]
    if not rows:
        return Section("Networks", ["missing: no network is finished"])
    notes = [
        "means over faces and seeds; the interval is mostly that of the faces, easy or hard for all networks alike: "
        "compare networks by their differences below",
        f"the degraded faces have {report['input_psnr']:.3f} dB",
    ]
    if report["curves"]:
        notes.append("grey in the figure: random networks, the line their trend, the band about 95% of them")
    tables = [Table(NETWORK_COLUMNS, rows)]
    if any(len(row["iterations"]) > 1 for row in report["networks"]):
        similar = "" if report["input_ssim"] is None else f"{report['input_ssim']:.4f}"
        each = [("degraded faces", "", f"{report['input_psnr']:.3f}", similar)]
        for row in report["networks"]:
            each += [(row["name"], str(i), f"{p:.3f}", f"{s:.4f}") for i, (p, s) in enumerate(row["iterations"])]
        tables.append(Table(ITERATION_COLUMNS, each))
    return Section("Networks", notes, tables, "quality")


def _verdicts(report: Mapping[str, Any]) -> Section:
    rows = [(row["claim"], row["answer"], row["because"]) for row in report["verdicts"]]
    if not rows:
        return Section("Verdicts", ["missing: nothing can be compared yet"])
    notes = [
        "yes, no: the whole 95% interval is on that side. Not shown: it is on both. Each stands for itself: of "
        f"{len(rows)} verdicts, {len(rows) / 20:.1f} may be wrong by chance",
    ]
    return Section("Verdicts", notes, [Table(("claim", "holds", "because"), rows)])


def _spent(report: Mapping[str, Any]) -> Section:
    hours = report["spent"]
    if not hours:
        return Section("What it cost", ["missing: no job is finished"])
    rows = [(row["arm"], row["what"], str(row["jobs"]), f"{row['cpu']:.2f}", f"{row['wall']:.2f}") for row in hours]
    total = [sum(row[key] for row in hours) for key in ("cpu", "wall")]
    rows.append(("all", "", str(sum(row["jobs"] for row in hours)), f"{total[0]:.2f}", f"{total[1]:.2f}"))
    tables = [Table(("arm", "what", "jobs", "CPU hours", "hours"), rows)]
    notes = ["of all sittings together, searches included"]
    compared = [
        (
            row["searched"],
            f"{row['search_hours']:.2f}",
            f"{row['training_hours']:.2f}",
            str(row["trainings"]),
            str(row["candidates"]),
            f"{row['expected']:.3f}",
            with_interval(row["lead"], "value", 3, "+"),
        )
        for row in report["random_search"]
    ]
    if compared:
        notes.append(
            "random search with the same CPU hours: it trains as many random networks of the same cost and keeps the "
            "one with the best validation PSNR, on average over draws from those of the study, moved along their "
            "trend; where it trains more than there are, it would find better ones still"
        )
        columns = (
            "searched", "search (CPU h)", "training (CPU h)", "trainings for these hours", "drawn from",
            "random search (dB)", "searched less that (dB)",
        )  # fmt: skip
        tables.append(Table(columns, compared))
    return Section("What it cost", notes, tables)


def _facts(facts: Mapping[str, Any], within: str = "") -> list[str]:
    """One line for each fact, also of those within others: `judge size: 128`."""
    lines: list[str] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            lines += _facts(value, f"{within}{name} ")
        else:
            shown = (", ".join(map(str, value)) or "none") if isinstance(value, list) else value
            lines.append(f"{within}{name}: {shown}")
    return lines
