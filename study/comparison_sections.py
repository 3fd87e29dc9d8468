"""The sections of a study's report that compare searched networks with others."""

from collections.abc import Mapping
from typing import Any

from ..nas.ranking.report import AGREEMENT_COLUMNS, agreement_rows
from .section import Section, Table, with_interval
from .verdicts import INCOMPLETE

COMPARED_COLUMNS = ("network", "FLOPs ratio", "PSNR (dB)", "SSIM", "interval besides faces")
DIFFERENCE_COLUMNS = ("searched", "less", "FLOPs ratio", "PSNR (dB)", "SSIM", "interval besides faces")


def differences_section(report: Mapping[str, Any]) -> Section:
    """Searched networks less others."""
    title = "Differences, face by face"
    if not report["differences"]:
        return Section(title, [f"missing: {_lacking(report)}"])
    rows = [
        (
            row["searched"],
            row["rival"],
            f"{row['cost_ratio']:.2f}",
            *_difference_cells(row),
            row["basis"],
        )
        for row in report["differences"]
    ]
    notes = [
        "random of its cost: the trend of all random networks over the logarithm of FLOPs, where the searched ones are",
        "of an arm of several networks, the one nearest in cost",
    ]
    if any(not row["psnr"]["complete"] for row in report["differences"]):
        notes.append(f"*: {INCOMPLETE}")
    if not any(row["kind"] == "random" for row in report["differences"]):
        notes.append("missing: five random networks of about the cost of the searched ones")
    return Section(title, notes, [Table(DIFFERENCE_COLUMNS, rows)], "differences")


def compared_section(report: Mapping[str, Any]) -> Section | None:
    """All networks less that of the arm that the plan compares with; None if the plan names none that is finished."""
    if not report["compared"]:
        return None
    rows = [
        (row["network"], f"{row['cost_ratio']:.2f}", *_difference_cells(row), row["basis"])
        for row in report["compared"]
    ]
    notes = ["face by face"]
    if any(not row["psnr"]["complete"] for row in report["compared"]):
        notes.append(f"*: {INCOMPLETE}")
    return Section(f"Compared with {report['compared'][0]['less']}", notes, [Table(COMPARED_COLUMNS, rows)], "compared")


def percentiles_section(report: Mapping[str, Any]) -> Section:
    """Searched networks among random ones, and those as good as a published one."""
    title = "Among random networks"
    tables, notes = [], []
    if report["standings"]:
        rows = [
            (
                row["network"],
                with_interval(row["of_its_cost"], "value", 0) if row["of_its_cost"] else "missing",
                f"{row['near_beaten']} of {row['near']}",
                with_interval(row["in_all"], "value", 0),
            )
            for row in report["standings"]
        ]
        near = f"better than, of nearly its cost (factor {report['method']['equal_cost_factor']})"
        tables.append(Table(("network", "percentile, of its cost", near, "percentile, in all"), rows))
        notes.append("of its cost: by how far each is above the trend, so that all random networks count")
    else:
        notes.append(f"missing: {_lacking(report)}, no random network is finished" if not report["groups"] else
                     "missing: no random network is finished")  # fmt: skip
    rows = [
        (
            row["published"],
            row["searched"] or "none",
            with_interval(row["psnr"], "value", 3, "+") if row["psnr"] else "",
            *("" if row[key] is None else f"{row[key]:.2f}" for key in ("flops_ratio", "parameters_ratio", "ms_ratio")),
            "yes" if row["shown"] else "not shown",
        )
        for row in report["equal_quality"]
    ]
    if rows:
        margin = report["method"]["equal_quality_db"]
        columns = (
            "as good as", f"cheapest searched, at most {margin} dB below", "PSNR less that (dB)", "FLOPs ratio",
            "parameters ratio", "ms ratio", "the whole interval says so",
        )  # fmt: skip
        tables.append(Table(columns, rows))
    return Section(title, notes, tables, "percentiles")


def hypervolume_section(report: Mapping[str, Any]) -> Section:
    """What searches cover together."""
    if not report["hypervolume"]:
        return Section("Hypervolume", [f"missing: {_lacking(report)}"])
    rows = [
        (
            row["name"],
            str(len(row["networks"])),
            *(
                with_interval(row[key], "percentile", 0) if row[key] else "missing"
                for key in ("at_equal_cost", "anywhere")
            ),
            next((f"{row[key]['value']:.4f}" for key in ("anywhere", "at_equal_cost") if row[key]), ""),
        )
        for row in report["hypervolume"]
    ]
    reference = report["reference"]
    notes = [
        f"up to {10 ** reference['log10_flops'] / 1e9:.4f} GFLOPs (the dearest finished network of the space) and "
        f"{reference['psnr']:.3f} dB (the degraded faces)",
        "of its costs: each random network is moved along the trend to the cost of a searched one; of any cost: as "
        "they are, which compares the choice of costs too: a few budgets cover little, however good the networks",
    ]
    columns = ("front", "networks", "percentile, of its costs", "percentile, of any cost", "hypervolume")
    return Section("Hypervolume", notes, [Table(columns, rows)], "hypervolume")


def supernets_section(report: Mapping[str, Any]) -> Section:
    """How the supernets rank."""
    title = "Supernet and stand-alone"
    if not report["rankings"]:
        return Section(title, ["missing: no trained network has a score on a supernet"])
    notes, rows = [], []
    for row in report["rankings"]:
        if row["agreement"]:
            rows += [(row["search"], *cells) for cells in agreement_rows({"against": row})]
            notes.append(
                f"{row['search']}: a score that says nothing about {len(row['networks'])} networks has a tau between "
                f"-{row['chance']:.2f} and {row['chance']:.2f} in 95% of cases"
            )
        else:
            notes.append(f"{row['search']}: missing: fewer than three networks have a score")
    columns = ("search", "networks", *AGREEMENT_COLUMNS[1:])
    return Section(title, notes, [Table(columns, rows)] if rows else [], "supernets")


def _difference_cells(row: Mapping[str, Any]) -> tuple[str, str]:
    """PSNR and SSIM, marked where the interval leaves something out."""
    psnr, ssim = (
        with_interval(row[metric], "value", digits, "+") + ("" if row[metric]["complete"] else " *")
        for metric, digits in (("psnr", 3), ("ssim", 4))
    )
    return psnr, ssim


def _lacking(report: Mapping[str, Any]) -> str:
    return "nothing to compare with is finished" if report["groups"] else "no searched network is finished"
