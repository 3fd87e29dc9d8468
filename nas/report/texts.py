"""The texts and tables of a search's report, from what its run folder holds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any, NamedTuple

from ...errors import printable
from ...files.config_model import Panel, panel_of
from ..config import SearchConfig
from .charts import AlarmMark
from .front import entry_text
from .run_files import RunFiles

DATA_FIELDS = ("data", "list", "val_list", "size", "degradation", "priors", "oracle_priors")
"""What the section on data shows besides the fields that the help lists under data and priors."""

DATA_PANELS = (Panel.DATA, Panel.PRIORS)

SCORES = ("reestimated", "restricted", "stored")
"""Which PSNR of an epoch's genotype counts, the first that there is."""


class AlarmRow(NamedTuple):
    """An alarm of a branch in the table, over all epochs that raised it."""

    name: str
    branch: str
    epochs: str
    value: str
    threshold: str
    remedy: str


class Setting(NamedTuple):
    """A line of a configuration."""

    name: str
    value: str
    chosen: bool
    """Whether it differs from the default."""


def verdict(files: RunFiles) -> str:
    """What was found, in one line: the genotype, its PSNR, its cost, and the alarms of the last epoch."""
    if files.genotype is None:
        return "No genotype yet"
    found = files.genotype.hash
    parts = [f"Genotype {found[:8]}"]
    member = next((member for member in files.front.members if member.hash == found), None) if files.front else None
    last = files.history[-1] if files.history else {}
    if member is not None:
        parts[0] += f", number {member.number} of a front of {len(files.front.members if files.front else [])}"
        parts.append(entry_text(member))
    elif last.get("hash") == found and (score := score_of(last)) is not None:
        parts.append(f"{score:.2f} dB")
    if files.history:
        count = len(list(alarms_of(files.history[-1:])))
        parts.append(f"{count or 'no'} alarm{'s' * (count != 1)}")
    return " \u00b7 ".join(parts)


def progress(files: RunFiles) -> str:
    """How far the search is."""
    if not files.history:
        return "No epoch has ended yet."
    last, epochs = files.history[-1], files.config.get("epochs")
    of = f" of {epochs}" if isinstance(epochs, int) else ""
    steps = f", {last['step']:,} steps" if isinstance(last.get("step"), int) else ""
    return f"After epoch {last['epoch']}{of}{steps}."


def score_of(record: Mapping[str, Any]) -> float | None:
    """The PSNR of an epoch's genotype after the last iteration; None if it has none."""
    psnr = record.get("psnr")
    values = [psnr[name] for name in SCORES if psnr.get(name)] if isinstance(psnr, dict) else []
    score = values[0][-1] if values and isinstance(values[0], list) else None
    return score if isinstance(score, float) else None


def epoch_text(record: Mapping[str, Any]) -> str:
    """An epoch beside the slider: its number, its genotype and what changed."""
    parts = [f"epoch {record['epoch']}", f"genotype {printable(str(record.get('hash', '')))[:8]}"]
    if (score := score_of(record)) is not None:
        parts.append(f"{score:.2f} dB")
    return " \u00b7 ".join(parts)


def alarms_of(history: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str, str, Mapping[str, Any]]]:
    """Every alarm with its epoch, name and branch, the branch empty if it concerns the network."""
    for record in history:
        given = record.get("alarms")
        for alarm in given if isinstance(given, list) else []:
            if isinstance(alarm, dict) and "name" in alarm:
                yield record["epoch"], str(alarm["name"]), str(alarm.get("branch") or ""), alarm


def alarm_marks(history: Sequence[Mapping[str, Any]]) -> list[AlarmMark]:
    """The alarms for their chart."""
    return [
        AlarmMark(
            epoch,
            f"{name}, {branch}" if branch else name,
            branch,
            f"epoch {epoch}: {_short(alarm.get('value'))}, threshold {_short(alarm.get('threshold'))}",
        )
        for epoch, name, branch, alarm in alarms_of(history)
    ]


def alarm_rows(history: Sequence[Mapping[str, Any]]) -> list[AlarmRow]:
    """A row for each alarm and branch, in the order in which they were first raised."""
    found: dict[tuple[str, str], list[tuple[int, Mapping[str, Any]]]] = {}
    for epoch, name, branch, alarm in alarms_of(history):
        found.setdefault((name, branch), []).append((epoch, alarm))
    return [
        AlarmRow(
            name,
            branch,
            _ranges([epoch for epoch, _ in raised]),
            _short(raised[-1][1].get("value")),
            _short(raised[-1][1].get("threshold")),
            str(raised[-1][1].get("remedy", "")),
        )
        for (name, branch), raised in found.items()
    ]


def settings(config: Mapping[str, Any]) -> tuple[list[Setting], list[Setting]]:
    """The fields of a configuration: those about the data, and the others."""
    fields = SearchConfig.model_fields
    data, others = [], []
    for name, value in config.items():
        field = fields.get(name)
        chosen = field is not None and (
            field.is_required() or _value(field.get_default(call_default_factory=True)) != _value(value)
        )
        about_data = name in DATA_FIELDS or (field is not None and panel_of(field) in DATA_PANELS)
        (data if about_data else others).append(Setting(name, _value(value), chosen))
    return data, others


def duration(seconds: float) -> str:
    """A time as `1:02:03`."""
    return str(timedelta(seconds=round(seconds)))


def budget_text(budget: Mapping[str, Any]) -> str:
    """The limits of a front that limit anything."""
    words = {"max": "at most", "min": "at least"}
    units = {"gflops": ("GFLOPs", ".4g"), "parameters": ("parameters", ",.0f"), "ms": ("ms", ".4g")}
    limits = {
        f"{words[bound]} {{:{form}}} {unit}": budget.get(f"{bound}_{resource}")
        for resource, (unit, form) in units.items()
        for bound in words
    }
    return " and ".join(
        text.format(value) for text, value in limits.items() if isinstance(value, int | float) and value
    )


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_value(each)}" for key, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    return printable(str(value))


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, int | float) else "?"


def _ranges(numbers: Sequence[int]) -> str:
    """Whole numbers in rising order as ranges: `1-3, 7`."""
    parts: list[str] = []
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        parts.append(str(run[0]) if len(run) == 1 else f"{run[0]}\u2013{run[-1]}")
    return ", ".join(parts)
