"""What a study was begun with, and what of its plan may change before it goes on: it may only grow."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import MAX_VALUE, MfpsError, shortened
from ..files.atomic_file import write_atomically
from ..files.json_text import read_strict
from ..files.regular_file import is_file, is_folder, read_text
from .plan import Plan
from .recipe import check_same_recipe

BEGUN = "plan.json"
"""In a study's folder: its plan's name, seeds and arms, and the recipe's content."""

MAX_BYTES = 10_000_000

MAY_GROW = ("seeds", "search_seeds", "budgets")
"""Lists of an arm, to which more may be added, and nothing removed."""

MAY_RISE = ("per_bin",)


def check_begun(folder: Path, plan: Plan, content: Mapping[str, Any]) -> None:
    """Raise an MfpsError unless a study of a plan may begin or go on in a folder; nothing is written.

    Args:
        folder: the study's; it need not exist.
        plan: the plan.
        content: of its recipe.
    """
    if not is_folder(folder) or not any(folder.iterdir()):
        return
    if not is_file(file := folder / BEGUN):
        raise MfpsError(f"{folder}: holds other files than a study; give a new folder for `out`")
    try:
        begun = read_strict(read_text(file, "plan", MAX_BYTES, "give a new folder for `out`"))
        before, now = begun["plan"], _plan_values(plan)
        check_same_recipe(begun["recipe"], content, folder)
        if before["name"] != now["name"]:
            raise _changed(folder, "name", before["name"], now["name"])
        for name, arm in before["arms"].items():
            _check_arm(folder, f"arms.{name}", arm, now["arms"].get(name))
    except (KeyError, TypeError, AttributeError):
        raise MfpsError(f"{file}: was changed after it was written; restore it, or give a new folder") from None


def _check_arm(folder: Path, place: str, before: Mapping[str, Any], now: Mapping[str, Any] | None) -> None:
    if now is None:
        raise MfpsError(
            f"{folder}: `{place}` is no longer in the plan, and what a study has trained is not dropped; put it back, "
            "or give a new folder for `out`"
        )
    for name in {**before, **now}:
        was, is_now = before.get(name), now.get(name)
        grown = name in MAY_GROW and was and is_now and all(one in is_now for one in was)
        risen = name in MAY_RISE and was is not None and is_now is not None and is_now >= was
        if was != is_now and not grown and not risen:
            raise _changed(folder, f"{place}.{name}", was, is_now)


def _changed(folder: Path, place: str, was: Any, is_now: Any) -> MfpsError:
    shown = [shortened(str(value), MAX_VALUE) for value in (was, is_now)]
    return MfpsError(
        f"{folder}: `{place}` was {shown[0]} and is {shown[1]} in the plan; arms, seeds, budgets and timing may be "
        "added to a study, and nothing else be changed: put it back, or give a new folder for `out`"
    )


def begin(folder: Path, plan: Plan, content: Mapping[str, Any]) -> None:
    """Write what a study is begun with, or goes on with."""
    values = {"plan": _plan_values(plan), "recipe": content}
    write_atomically(folder / BEGUN, json.dumps(values, indent=1) + "\n")


def _plan_values(plan: Plan) -> dict[str, Any]:
    """The part of a plan that is no option of a command; each arm with its seeds."""
    arms = {
        name: {**arm.model_dump(mode="json", exclude_none=True), "seeds": list(plan.seeds_of(name))}
        for name, arm in plan.arms.items()
    }
    return json.loads(json.dumps({"name": plan.name, "arms": arms}))
