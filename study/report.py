"""What a study shows: from its outcomes to `study.json`, tables, figures and a page for a browser."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import printable
from ..files.atomic_file import write_atomically
from ..files.atomic_folder import written_to
from ..files.json_text import compact_leaves
from .comparisons import (
    EQUAL_QUALITY_DB,
    compared_of,
    differences_of,
    equal_quality_of,
    groups_of,
    places_of,
    stakes_of,
    standings_of,
    trends_of,
)
from .estimates import METHOD, SEED, Evidence, alone, estimate, evidence_of, together
from .fronts import fronts_of, reference_of
from .outcome import Failure, Outcome, Spent
from .random_trend import EQUAL_COST, Trend
from .spending import Hours, hours_of, random_searches
from .supernet_ranking import rankings_of
from .trained import METRICS, Trained, trained_networks
from .verdicts import verdicts_of

STUDY_SCHEMA = "mfps.study/1"

COSTS = ("flops", "parameters", "ms")
"""What the figures put quality over."""

MOST_LEARNING_CURVES = 12
"""Networks in one figure; more would hide one another."""

_CURVE_POINTS = 41


def study_report(
    plan_name: str,
    outcomes: Sequence[Outcome],
    failures: Sequence[Failure],
    ledger: Sequence[Spent],
    unfinished: Sequence[str],
    *,
    facts: Mapping[str, Any],
    compared_with: str | None = None,
    searches: bool = True,
) -> dict[str, Any]:
    """Compute all statistics of a study, from whatever is finished of it.

    Args:
        plan_name: the plan's.
        outcomes: the networks that were trained and judged. Their order has no influence.
        failures: the jobs that failed.
        ledger: what every job cost.
        unfinished: names of the jobs that are still to be done.
        facts: what else a reader must know, by name: the recipe, its hash, the machine.
        compared_with: the arm of one network that all others are compared with.
        searches: whether the plan has arms that search; without them the report says nothing of searched networks.

    Returns:
        Plain JSON data, the same for the same arguments.
    """
    trained = trained_networks(outcomes)
    hours = hours_of(ledger)
    return _plain(
        {
            "schema": STUDY_SCHEMA,
            "mfps": __version__,
            "plan": plan_name,
            "searches": searches,
            "facts": dict(facts),
            "status": {
                "done": len(outcomes),
                "failed": sorted(failures),
                "unfinished": sorted(unfinished),
                "problems": trained.problems,
            },
            "method": {
                "intervals": METHOD,
                "seed": SEED,
                "equal_cost_factor": EQUAL_COST,
                "equal_quality_db": EQUAL_QUALITY_DB,
            },
            "faces": trained.faces,
            "input_psnr": trained.input_psnr,
            "input_ssim": trained.input_ssim,
            **_statistics(trained, hours, compared_with, searches),
            "spent": hours,
            "trainings": [outcome._asdict() for outcome in trained.outcomes],
        }
    )


def _statistics(trained: Trained, hours: Sequence[Hours], compared_with: str | None, searched: bool) -> dict[str, Any]:
    """All numbers that need trained networks; empty without any."""
    if not trained.networks:
        lists = ("networks", "groups", "learning_curves", "differences", "compared", "standings", "equal_quality")
        lists += ("hypervolume", "rankings", "random_search", "curves", "verdicts")
        return {"seed_noise": None, "stakes": None, "reference": None, **{name: [] for name in lists}}
    evidence = evidence_of(trained.networks)
    groups, trends = groups_of(evidence), trends_of(evidence)
    differences, standings = differences_of(evidence, groups, trends), standings_of(evidence, trends)
    equal = equal_quality_of(evidence, groups) if searched else []
    rankings, stakes = rankings_of(evidence), stakes_of(evidence)
    compared = compared_of(evidence, compared_with)
    searches = random_searches(evidence, groups, trends.get("psnr"), trained.outcomes, hours)
    reference = reference_of(evidence, trained.input_psnr or 0.0)
    volumes = fronts_of(evidence, trends.get("psnr"), reference)
    members = {group.name: [evidence.networks[place].name for place in group.places] for group in groups}
    return {
        "seed_noise": evidence.noise,
        "stakes": stakes,
        "networks": _network_rows(evidence),
        "groups": [
            {
                "name": group.name,
                "networks": members[group.name],
                "flops": group.flops,
                **{m: estimate(together(evidence, group.places, m), evidence.faces) for m in METRICS},
            }
            for group in groups
        ],
        "learning_curves": _learning_curves(evidence),
        "differences": differences,
        "compared": compared,
        "standings": standings,
        "equal_quality": equal,
        "reference": {"log10_flops": reference[0], "psnr": reference[1]},
        "hypervolume": volumes,
        "rankings": rankings,
        "random_search": searches,
        "curves": _curves(evidence),
        "verdicts": verdicts_of(stakes, differences, standings, members, equal, volumes, rankings, searches, compared),
    }


def _network_rows(evidence: Evidence) -> list[dict[str, Any]]:
    rows = []
    for place, network in enumerate(evidence.networks):
        row = {key: value for key, value in network._asdict().items() if key not in ("psnr", "ssim", "curves")}
        for metric in METRICS:
            row[metric] = estimate(alone(evidence, place, metric), evidence.faces)
            row[f"{metric}_of_seeds"] = getattr(network, metric).mean(1).tolist()
        rows.append(row)
    return rows


def _learning_curves(evidence: Evidence) -> list[dict[str, Any]]:
    """The validation PSNR after each epoch of every seed's training, by network; empty if they are too many to draw."""
    rows = [
        {"network": network.name, "trainings": network.curves}
        for network in evidence.networks
        if network.kind != "again" and max(map(len, network.curves), default=0) > 1
    ]
    return rows if len(rows) <= MOST_LEARNING_CURVES else []


def _curves(evidence: Evidence) -> list[dict[str, Any]]:
    """The trend of the random networks over every cost, for the figures, with their scatter about it."""
    places = places_of(evidence, "random") if trends_of(evidence) else []
    rows = []
    for cost in COSTS if places else ():
        values = [getattr(evidence.networks[place], cost) for place in places]
        if None in values:
            continue
        grid = np.geomspace(min(values), max(values), _CURVE_POINTS)
        for metric in METRICS:
            trend = Trend(np.array(values, float), evidence.means[metric][:1, places])
            middle = [float(trend.at(grid[i : i + 1]).means[0]) for i in range(len(grid))]
            rows.append(
                {"cost": cost, "metric": metric, "at": grid.tolist(), "trend": middle, "scatter": trend.deviation}
            )
    return rows


def _plain(value: Any) -> Any:
    """JSON data: tuples with names become objects, what has no form of its own its text; texts are printable."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(value, Mapping):
        return {printable(str(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else "infinite" if value > 0 else printable(str(value))
    return value if value is None or isinstance(value, bool | int) else printable(str(value))


def write_study(report: Mapping[str, Any], folder: Path, *, pages: bool = True) -> None:
    """Write `study.json`, `study.md`, `study.html`, and the figures as PNG files in `figures/`.

    Each file is replaced whole. A figure that the report has no numbers for is removed.

    Args:
        report: see `study_report`.
        folder: of the study; it must exist.
        pages: False writes `study.json` alone; drawing the others takes seconds, as long as a short job.

    Raises:
        MfpsError: a file cannot be written.
    """
    text = json.dumps(report, indent=1, allow_nan=False)
    write_atomically(folder / "study.json", compact_leaves(text, width=10**9) + "\n")
    if not pages:
        return
    # Imported here: drawing takes half a second to load, and who reads a report needs none of it.
    from .figures import FIGURES, figures_of
    from .page import study_html, study_markdown

    drawn = figures_of(report)
    shelf = folder / "figures"
    with written_to(shelf):
        shelf.mkdir(exist_ok=True)
    for name in FIGURES:
        if name in drawn:
            write_atomically(shelf / f"{name}.png", drawn[name])
        else:
            (shelf / f"{name}.png").unlink(missing_ok=True)
    write_atomically(folder / "study.md", study_markdown(report, drawn))
    write_atomically(folder / "study.html", study_html(report, drawn))
