"""A search's health: what each epoch changed, and named alarms with their thresholds and remedies.

All of it follows from the epochs' records, as the history has them. The thresholds were chosen once, for the reasons
that stand below them; an alarm stops nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ..genotypes.space import BRANCHES, KEPT_EDGES_PER_NODE, NODES

KEPT_EDGES = KEPT_EDGES_PER_NODE * len(NODES)

COLLAPSE = (KEPT_EDGES - 1) / KEPT_EDGES
"""Share of skips in a cell: with five of six kept edges one convolution is left, and what is deeper can hardly learn.
Skips win early because they pass gradients on best, not because they restore best (the collapse of DARTS)."""

UNDECIDED = 0.7
"""Mean entropy of a branch's choices, 1 for even odds: it is 0.72 where a favourite among four has two thirds of the
weight and the others share the rest, so above this most choices have no clear favourite."""

LATE = 0.75
"""Share of the epochs after which a branch should have decided."""

MIXED_GAP_DB = 0.5
"""How far the derived network may be below the mixture that was trained: genotypes that were trained alone lie within
0.06 dB of each other (docs/results.md), and eight times as much hides every such difference."""

STATISTICS_GAP_DB = 0.1
"""How far a genotype may be lower with re-estimated batch-norm statistics than with those of the faces themselves: more
than genotypes differ, and the re-estimated ones score the candidates."""

UNCOVERED = 0.05
"""Updates of the least updated cell or operation, as a share of the mean: paths drawn evenly give the rarest of 21
cells 0.20, and 0.08 in a monotone trellis, so below this chance or the softmaxes left something untrained."""

IDLE_DB = 0.02
"""PSNR that a branch's features are worth: a third of what genotypes differ by, so the architecture of a branch
below it cannot matter."""

REMEDIES = {
    "collapse": "Take an earlier epoch's genotype (RUN@12), or search again without `skip` in `operations` or with a "
    "lower `architecture_lr`.",
    "undecided": "Raise `epochs` or `architecture_lr`, or lower `architecture_weight_decay`: as it is, the genotype is "
    "little more than chance.",
    "gap": "Search with another `strategy`, one that trains what it derives: what the mixture learned says little "
    "about this network.",
    "statistics": "Raise `batch_size` or `epochs`: the statistics that selection goes by are not yet the "
    "network's own.",
    "uncovered": "Raise `epochs` or `epoch_steps`: what was hardly trained cannot be compared with the rest.",
    "idle": "Raise `epochs` or `warmup_epochs`, hold the branch with `fix`, or leave its prior out of `priors`: the "
    "search of this branch decides nothing.",
}
"""What to do, one sentence each; `statistics` is the alarm `gap` of a strategy that trains what it derives."""


class Alarm(TypedDict):
    """One alarm, as JSON data."""

    name: str
    """`collapse`, `undecided`, `gap`, `uncovered` or `idle`."""
    branch: str | None
    """The branch; None if it concerns the network."""
    value: float
    threshold: float
    remedy: str


def health(
    record: Mapping[str, Any], before: Mapping[str, Any] | None, *, decides: bool, epochs: int, warmup_epochs: int
) -> dict[str, Any]:
    """The last three entries of an epoch's record.

    During the warm-up nothing has been decided, and there are no alarms.

    Args:
        record: the epoch's record without these entries; what it lacks raises no alarm.
        before: the record of the epoch before, if there was one.
        decides: whether the strategy learns the architecture as it trains, so that softmaxes and decoded cells mean
            something before a selection.
        epochs: of the whole search.
        warmup_epochs: epochs at its start in which the architecture is frozen.

    Returns:
        `skips`, the share of skips among each searched branch's kept edges; `changes`, for each of them the number of
        layers (`path`) and kept edges (`cell`) that differ from the epoch before, empty in the first and where nothing
        is decided; and `alarms`.
    """
    searched = record.get("probabilities") or record["genotype"]
    branches = {name: record["genotype"][name] for name in BRANCHES if name in searched}
    earlier = before["genotype"] if before is not None else {}
    found: dict[str, Any] = {
        "skips": {name: _skips(branch) for name, branch in branches.items()},
        "changes": {name: _changes(branch, earlier[name]) for name, branch in branches.items() if name in earlier}
        if decides
        else {},
        "alarms": [],
    }
    if record["epoch"] <= warmup_epochs:
        return found
    if decides:
        found["alarms"] += [_alarm("collapse", b, v, COLLAPSE) for b, v in found["skips"].items() if v >= COLLAPSE]
        if record["epoch"] > LATE * epochs:
            found["alarms"] += _undecided(record.get("entropy", {}))
    found["alarms"] += _gap(record)
    for branch, counts in record.get("coverage", {}).items():
        if (least := least_share(counts)) < UNCOVERED:
            found["alarms"].append(_alarm("uncovered", branch, least, UNCOVERED))
    worth = {branch: value for branch, value in record.get("worth", {}).items() if branch in branches}
    found["alarms"] += [_alarm("idle", branch, value, IDLE_DB) for branch, value in worth.items() if value < IDLE_DB]
    return found


def alarms_text(alarms: Sequence[Alarm]) -> str:
    """The alarms for an epoch's line: `alarms: idle (upsample, heatmap), gap`; empty if there are none."""
    branches: dict[str, list[str]] = {}
    for alarm in alarms:
        branches.setdefault(alarm["name"], []).extend([alarm["branch"]] if alarm["branch"] is not None else [])
    named = [f"{name} ({', '.join(where)})" if where else name for name, where in branches.items()]
    return f"alarms: {', '.join(named)}" if named else ""


def settled(history: Sequence[Mapping[str, Any]], epochs: int, warmup_epochs: int = 0) -> bool:
    """Whether the last epochs all left the genotype as it was.

    Args:
        history: the records so far, each with `health`'s entries.
        epochs: how many of the last ones.
        warmup_epochs: epochs at the start that do not count, as nothing could change in them.
    """
    last = history[-epochs:] if epochs > 0 else []
    return (
        0 < epochs == len(last)
        and len({record["hash"] for record in last}) == 1
        and all(record["epoch"] > warmup_epochs and _unchanged(record["changes"]) for record in last)
    )


def least_share(counts: Mapping[str, Any]) -> float:
    """Updates of a branch's least updated cell or operation, as a share of the mean of its kind; 1 if none was counted.

    Args:
        counts: a branch's entry in a record's `coverage`.
    """
    shares = [1.0]
    for updates in (counts["cells"].values(), counts["operations"].values()):
        if total := sum(updates):
            shares.append(min(updates) * len(updates) / total)
    return min(shares)


def _alarm(name: str, branch: str | None, value: float, threshold: float, remedy: str = "") -> Alarm:
    remedy = REMEDIES[remedy or name]
    return Alarm(name=name, branch=branch, value=round(value, 6), threshold=round(threshold, 6), remedy=remedy)


def _skips(branch: Mapping[str, Any]) -> float:
    return sum(kept["op"] == "skip" for kept in branch["cell"]) / KEPT_EDGES


def _changes(branch: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, int]:
    return {
        "path": sum(now != then for now, then in zip(branch["path"], before["path"], strict=True)),
        "cell": sum(kept not in before["cell"] for kept in branch["cell"]),
    }


def _unchanged(changes: Mapping[str, Mapping[str, int]]) -> bool:
    return bool(changes) and not any(count for counts in changes.values() for count in counts.values())


def _undecided(entropy: Mapping[str, Mapping[str, float]]) -> list[Alarm]:
    means = {branch: sum(kinds.values()) / len(kinds) for branch, kinds in entropy.items() if kinds}
    return [_alarm("undecided", branch, mean, UNDECIDED) for branch, mean in means.items() if mean > UNDECIDED]


def _gap(record: Mapping[str, Any]) -> list[Alarm]:
    """The gap that matters with the re-estimated statistics: below the mixture where one was trained."""
    gap = record.get("gap", {}).get("reestimated")
    is_mixed = "mixed" in record.get("psnr", {})
    threshold, remedy = (MIXED_GAP_DB, "gap") if is_mixed else (STATISTICS_GAP_DB, "statistics")
    return [_alarm("gap", None, gap, threshold, remedy)] if gap is not None and gap > threshold else []
